import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useProjectKeys } from "../../api/queries";
import type { Project } from "../../api/types";
import { highlight } from "../../components/code/highlight";
import { Copy } from "../../components/copy/Copy";
import { Failure } from "../../components/state/Failure";
import { Skeleton } from "../../components/state/Skeleton";
import { STARTS } from "./starts";
import "./onboarding.css";

/** What a project without events shows: the address to send to, and five lines that do it. */
export function Onboarding({ project }: { project: Project }) {
  return (
    <section className="onboarding card" aria-labelledby="onboarding-title">
      <header>
        <h2 id="onboarding-title">Waiting for the first event of {project.name}</h2>
        <p className="muted">Give this DSN to your program. The first error shows up here by itself, without a reload.</p>
      </header>
      <Dsn project={project} />
      <QuickStart project={project} />
    </section>
  );
}

export function Dsn({ project }: { project: Project }) {
  const keys = useProjectKeys(project.slug);
  if (keys.isError) return <Failure what="The DSN did not load" error={keys.error} retry={() => void keys.refetch()} />;
  const dsn = dsnOf(keys.data);
  return (
    <div className="dsn">
      <span className="dsn-label">DSN</span>
      {keys.isPending ? <Skeleton width="60%" /> : <code>{dsn ?? "This project has no active key."}</code>}
      {dsn && <Copy text={dsn} label="Copy DSN" />}
    </div>
  );
}

export function QuickStart({ project }: { project: Project }) {
  const dsn = dsnOf(useProjectKeys(project.slug).data) ?? "DSN";
  const [at, setAt] = useState(0);
  const id = useId();
  const tabs = useRef<HTMLDivElement>(null);
  const start = STARTS[at]!;
  const code = start.code(dsn);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const next = (at + step + STARTS.length) % STARTS.length;
    setAt(next);
    tabs.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className="quickstart">
      <div className="segmented" role="tablist" aria-label="Language" ref={tabs} onKeyDown={onKeyDown}>
        {STARTS.map((one, index) => (
          <button key={one.language} type="button" role="tab" id={`${id}-${index}`} aria-selected={at === index} aria-controls={`${id}-panel`} tabIndex={at === index ? 0 : -1} onClick={() => setAt(index)}>
            {one.language}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${at}`} className="quickstart-panel">
        <Snippet text={start.install} language="shell" label={`Copy the ${start.language} package`} />
        <Snippet text={code} language={start.language.toLowerCase()} label={`Copy the ${start.language} code`} />
      </div>
    </div>
  );
}

function Snippet({ text, language, label }: { text: string; language: string; label: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0}>
        <code>
          {text.split("\n").map((line, index) => (
            <span key={index}>
              {index > 0 && "\n"}
              {language === "shell"
                ? line
                : highlight(line, language).map((token, at) => (
                    <span key={at} className={token.kind === "plain" ? undefined : `tok-${token.kind}`}>
                      {token.text}
                    </span>
                  ))}
            </span>
          ))}
        </code>
      </pre>
      <Copy text={text} label={label} iconOnly className="btn small quiet" />
    </div>
  );
}

function dsnOf(keys: { isActive?: boolean; dsn: { public: string } }[] | undefined): string | undefined {
  return keys?.find((key) => key.isActive !== false)?.dsn.public;
}
