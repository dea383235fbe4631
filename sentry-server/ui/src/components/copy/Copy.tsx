import { useEffect, useState } from "react";
import { Icon } from "../icon/Icon";

/** Copies `text`; says so in place for a moment, to screen readers as well. */
export function Copy({ text, label, iconOnly, className = "btn small" }: { text: string; label: string; iconOnly?: boolean; className?: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await toClipboard(text)) ? "done" : "failed");
  const said = state === "done" ? "Copied" : state === "failed" ? "Could not copy" : label;
  return (
    <button type="button" className={`${className}${iconOnly ? " icon" : ""}`} onClick={copy} aria-label={said} title={label}>
      <Icon name={state === "done" ? "check" : "copy"} />
      {!iconOnly && <span aria-live="polite">{said}</span>}
    </button>
  );
}

/** The clipboard API needs a secure context; a server on a plain-HTTP host in the LAN has none. */
async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
