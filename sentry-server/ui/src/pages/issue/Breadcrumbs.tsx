import { useState } from "react";
import type { Breadcrumb } from "../../api/event";
import { KeyValues } from "../../components/value/Value";
import { absolute, clock, offset } from "../../format/time";
import { Panel } from "./Panel";

const SHOWN = 12;

/** What happened before, newest at the bottom, where the error is. */
export function Breadcrumbs({ crumbs, eventAt }: { crumbs: Breadcrumb[]; eventAt: string | undefined }) {
  const [all, setAll] = useState(false);
  if (crumbs.length === 0) return null;
  const shown = all ? crumbs : crumbs.slice(-SHOWN);
  const hidden = crumbs.length - shown.length;
  const end = Date.parse(eventAt ?? "");
  return (
    <Panel title="Breadcrumbs" aside={<span className="muted num panel-count">{crumbs.length}</span>}>
      {hidden > 0 && (
        <button type="button" className="crumbs-more" onClick={() => setAll(true)}>
          Show {hidden} earlier
        </button>
      )}
      <ol className="crumbs">
        {shown.map((crumb, index) => (
          <li key={index} className="crumb" data-level={crumb.level}>
            <span className="crumb-dot" aria-hidden="true" />
            <span className="crumb-category mono">{crumb.category ?? crumb.type}</span>
            <div className="crumb-what">
              {crumb.message && <p>{crumb.message}</p>}
              {crumb.data && <KeyValues entries={Object.entries(crumb.data)} label="Data" />}
            </div>
            {crumb.level !== "info" && <span className="crumb-level">{crumb.level}</span>}
            {crumb.at !== undefined && (
              <time className="crumb-time mono" dateTime={new Date(crumb.at).toISOString()} title={absolute(new Date(crumb.at))}>
                {clock(crumb.at)}
                {!Number.isNaN(end) && <span className="muted"> {offset(crumb.at, end)}</span>}
              </time>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
