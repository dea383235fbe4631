import { useState } from "react";
import type { RequestInfo } from "../../api/event";
import { Copy } from "../../components/copy/Copy";
import { KeyValues, Value } from "../../components/value/Value";
import { Panel } from "./Panel";

export function Request({ request }: { request: RequestInfo }) {
  const body = typeof request.data === "object" && request.data !== null && !Array.isArray(request.data) ? Object.entries(request.data) : undefined;
  return (
    <Panel title="Request">
      {request.url && (
        <p className="request-line mono">
          {request.method && <b>{request.method}</b>} <span>{request.url}</span>
          <Copy text={request.url} label="Copy the address" iconOnly className="btn small quiet" />
        </p>
      )}
      <Part title="Query" entries={request.query} open />
      <Part title="Body" entries={body ?? []} open />
      {request.data !== undefined && !body && request.data !== "" && (
        <div className="request-body mono">
          <Value value={request.data} />
        </div>
      )}
      <Part title="Headers" entries={request.headers} open />
      <Part title="Cookies" entries={request.cookies} />
      <Part title="Environment" entries={request.env} />
    </Panel>
  );
}

function Part({ title, entries, open: initial = false }: { title: string; entries: [string, unknown][]; open?: boolean }) {
  const [open, setOpen] = useState(initial);
  if (entries.length === 0) return null;
  return (
    <div className="part">
      <button type="button" className="part-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        {title} <span className="muted num">{entries.length}</span>
      </button>
      {open && <KeyValues entries={entries} label={title} />}
    </div>
  );
}
