import { useState } from "react";
import type { EventView } from "../../api/event";
import type { ApiEvent } from "../../api/types";
import { KeyValues } from "../../components/value/Value";
import { plural } from "../../format/number";
import { Panel } from "./Panel";

/** User, contexts, extra, SDK, packages, and what the server had to say about the event. */
export function Contexts({ view, event }: { view: EventView; event: ApiEvent }) {
  const extra = Object.entries(view.extra);
  const packages = Object.entries(event.packages ?? {});
  const about: [string, unknown][] = [
    ["event id", event.eventID],
    ...(event.dateReceived ? [["received", event.dateReceived] as [string, unknown]] : []),
    ...(event.platform ? [["platform", event.platform] as [string, unknown]] : []),
    ...(view.release ? [["release", view.release] as [string, unknown]] : []),
    ...(event.dist ? [["dist", event.dist] as [string, unknown]] : []),
    ...(event.sdk?.name ? [["sdk", `${event.sdk.name} ${event.sdk.version ?? ""}`.trim()] as [string, unknown]] : []),
    ...(event.fingerprints?.length ? [["fingerprint", event.fingerprints] as [string, unknown]] : []),
    ...(event.errors?.length ? [["problems found", event.errors] as [string, unknown]] : []),
  ];
  return (
    <>
      {view.user && (
        <Panel title="User">
          <KeyValues entries={Object.entries(view.user)} />
        </Panel>
      )}
      {view.contexts.length > 0 && (
        <Panel title="Contexts">
          <div className="contexts">
            {view.contexts.map(([name, context]) => (
              <div key={name} className="context">
                <h3>{name}</h3>
                <KeyValues entries={Object.entries(context).filter(([key]) => key !== "type")} label={name} />
              </div>
            ))}
          </div>
        </Panel>
      )}
      {extra.length > 0 && (
        <Panel title="Extra">
          <KeyValues entries={extra} />
        </Panel>
      )}
      <Panel title="SDK and event">
        <KeyValues entries={about} />
      </Panel>
      {packages.length > 0 && <Packages packages={packages} />}
    </>
  );
}

function Packages({ packages }: { packages: [string, unknown][] }) {
  const [open, setOpen] = useState(false);
  return (
    <Panel
      title="Packages"
      aside={
        <button type="button" className="btn small quiet panel-count" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide" : `Show ${plural(packages.length, "package")}`}
        </button>
      }
    >
      {open && <KeyValues entries={packages} />}
    </Panel>
  );
}
