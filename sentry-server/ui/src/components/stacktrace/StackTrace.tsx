import { useId, useMemo, useState } from "react";
import type { Exception, Frame, Thread } from "../../api/event";
import { plural } from "../../format/number";
import { Source } from "../code/Source";
import { Copy } from "../copy/Copy";
import { Icon } from "../icon/Icon";
import { KeyValues } from "../value/Value";
import { type ChainLink, chain, frameToOpen, groupFrames } from "./group";
import { place, stackText } from "./text";
import "./stacktrace.css";

type Mode = "app" | "full" | "raw";

/** The exception chain of an event, or the stacks of its threads when it has no exception. */
export function StackTrace({ exceptions, threads, platform }: { exceptions: Exception[]; threads: Thread[]; platform: string }) {
  const [mode, setMode] = useState<Mode>("app");
  const links = useMemo<ChainLink[]>(
    () => (exceptions.length > 0 ? chain(exceptions) : threads.map((thread) => ({ exception: { type: threadTitle(thread), value: "", frames: thread.frames }, depth: 0 }))),
    [exceptions, threads],
  );
  const raw = useMemo(() => stackText(links.map((link) => link.exception).toReversed(), platform), [links, platform]);
  if (links.length === 0) return null;
  return (
    <section className="panel stack" aria-labelledby="stack-title">
      <header className="panel-head">
        <h2 id="stack-title">Stack trace</h2>
        <div className="segmented" role="group" aria-label="Which frames to show">
          {(["app", "full", "raw"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={mode === one} onClick={() => setMode(one)}>
              {one === "app" ? "App only" : one === "full" ? "Full" : "Raw"}
            </button>
          ))}
        </div>
        <Copy text={raw} label="Copy as text" />
      </header>
      {mode === "raw" ? (
        <pre className="stack-raw" tabIndex={0}>
          {raw}
        </pre>
      ) : (
        links.map((link, index) => <Link key={index} link={link} mode={mode} platform={platform} first={index === 0} />)
      )}
    </section>
  );
}

function Link({ link: { exception, relation, depth }, mode, platform, first }: { link: ChainLink; mode: "app" | "full"; platform: string; first: boolean }) {
  const rows = useMemo(() => groupFrames(exception.frames, mode), [exception, mode]);
  // Beyond the reported exception only its own frames matter at first sight; causes open on the same rule.
  const open = useMemo(() => frameToOpen(exception.frames), [exception]);
  const handled = exception.mechanism?.handled;
  return (
    <div className="exception" style={depth > 0 ? { marginLeft: Math.min(depth, 5) * 18 } : undefined}>
      <div className="exception-head">
        {relation && <p className="exception-relation">{relation}</p>}
        <h3>
          <span className="exception-type">{exception.type}</span>
          {exception.module && <span className="muted exception-module"> {exception.module}</span>}
          {first && handled === false && <span className="pill bad">unhandled</span>}
          {exception.mechanism?.type && exception.mechanism.type !== "generic" && exception.mechanism.type !== "chained" && <span className="pill">{exception.mechanism.type}</span>}
        </h3>
        {exception.value && <p className="exception-value">{exception.value}</p>}
      </div>
      {rows.length === 0 ? (
        <p className="exception-bare muted">No stack trace was sent with this exception.</p>
      ) : (
        <ol className="frames">
          {rows.map((row, index) =>
            row.kind === "library" ? (
              <LibraryRow key={index} frames={row.frames} platform={platform} />
            ) : (
              <FrameRow key={index} frame={row.frame} repeat={row.repeat} platform={platform} initiallyOpen={row.frame === open || (row.frame.inApp && first && index < 4)} />
            ),
          )}
        </ol>
      )}
    </div>
  );
}

function LibraryRow({ frames, platform }: { frames: Frame[]; platform: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <li className="library">
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="chevron" size={12} />
          {plural(frames.length, "library frame")}
          {!open && <span className="library-names mono">{packages(frames)}</span>}
        </button>
      </li>
      {open && frames.map((frame, index) => <FrameRow key={index} frame={frame} repeat={1} platform={platform} initiallyOpen={false} />)}
    </>
  );
}

function FrameRow({ frame, repeat, platform, initiallyOpen }: { frame: Frame; repeat: number; platform: string; initiallyOpen: boolean }) {
  const [open, setOpen] = useState(initiallyOpen);
  const id = useId();
  const vars = useMemo(() => Object.entries(frame.vars ?? {}), [frame]);
  const expandable = frame.context.length > 0 || vars.length > 0;
  const head = (
    <>
      {expandable ? <Icon name="chevron" size={12} /> : <span className="frame-gap" />}
      <span className="frame-where">
        <span className="frame-function">{frame.function ?? "<unknown>"}</span>
        <span className="frame-file" title={frame.absPath ?? frame.package}>
          {place(frame)}
        </span>
      </span>
      {repeat > 1 && <span className="pill num">called {repeat} times in a row</span>}
      {frame.inApp && <span className="pill app">in app</span>}
    </>
  );
  return (
    <li className={`frame${frame.inApp ? " in-app" : ""}`} data-open={open && expandable}>
      {expandable ? (
        <button type="button" className="frame-head" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {head}
        </button>
      ) : (
        <div className="frame-head">{head}</div>
      )}
      {open && expandable && (
        <div id={id} className="frame-body">
          {frame.context.length > 0 && <Source lines={frame.context} at={frame.line} language={platform} />}
          {vars.length > 0 && <KeyValues entries={vars} label="Local variables" />}
        </div>
      )}
    </li>
  );
}

/** The first few places the hidden frames come from: "flask, werkzeug". */
function packages(frames: Frame[]): string {
  const names = new Set(frames.map(packageOf).filter((name) => name !== undefined));
  const shown = [...names].slice(0, 3).join(", ");
  return names.size > 3 ? `${shown}, …` : shown;
}

function packageOf(frame: Frame): string | undefined {
  const modules = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(frame.absPath ?? frame.filename ?? "");
  if (modules) return modules[1];
  if (frame.filename?.startsWith("node:")) return "node";
  const name = frame.module ?? (frame.function?.includes("::") ? frame.function : undefined) ?? frame.package;
  return name?.replace(/^[<&\s]+/, "").split(/::|[./\s]/)[0] || undefined;
}

function threadTitle(thread: Thread): string {
  const name = thread.name ?? (thread.id ? `Thread ${thread.id}` : "Stack");
  return thread.crashed ? `${name} (crashed)` : name;
}
