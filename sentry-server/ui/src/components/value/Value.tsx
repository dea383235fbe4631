import { useState } from "react";
import "./value.css";

/** Any JSON value, folded when it would not fit on a line. Everything goes through React's escaping. */
export function Value({ value, depth = 0 }: { value: unknown; depth?: number }) {
  if (value === null || value === undefined) return <span className="v-null">null</span>;
  if (typeof value === "number" || typeof value === "boolean") return <span className="v-number">{String(value)}</span>;
  if (typeof value === "string") return <Text text={value} />;
  return <Nested value={value as object} depth={depth} />;
}

const LONG_TEXT = 400;

function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  if (text === "[Filtered]") return <span className="v-filtered" title="Removed before it left the program">filtered</span>;
  if (text.length <= LONG_TEXT || whole) return <span className="v-text">{text}</span>;
  return (
    <span className="v-text">
      {text.slice(0, LONG_TEXT)}
      <button type="button" className="v-more" onClick={() => setWhole(true)}>
        … {text.length - LONG_TEXT} more
      </button>
    </span>
  );
}

function Nested({ value, depth }: { value: object; depth: number }) {
  const [open, setOpen] = useState(false);
  const entries = Object.entries(value);
  const [left, right] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const short = JSON.stringify(value);
  if (entries.length === 0) return <span className="v-mark">{left + right}</span>;
  if (short.length <= 60 && !short.includes("[Filtered]")) return <span className="v-text">{short}</span>;
  if (!open) {
    return (
      <button type="button" className="v-fold" aria-expanded="false" onClick={() => setOpen(true)}>
        <span className="v-mark">▸ </span>
        {short.length > 96 ? `${short.slice(0, 92)}…${right}` : short}
      </button>
    );
  }
  return (
    <span className="v-open">
      <button type="button" className="v-fold" aria-expanded="true" onClick={() => setOpen(false)}>
        <span className="v-mark">▾ {left}</span>
      </button>
      {entries.map(([key, one]) => (
        <span className="v-row" key={key} style={{ paddingLeft: 14 }}>
          <span className="v-key">{key}</span>
          <span className="v-mark">: </span>
          <Value value={one} depth={depth + 1} />
        </span>
      ))}
      <span className="v-mark">{right}</span>
    </span>
  );
}

/** Names and values in two columns: local variables, contexts, headers. */
export function KeyValues({ entries, label }: { entries: [string, unknown][]; label?: string }) {
  return (
    <dl className="kv" aria-label={label}>
      {entries.map(([key, value], index) => (
        <div className="kv-row" key={`${key}${index}`}>
          <dt>{key}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
