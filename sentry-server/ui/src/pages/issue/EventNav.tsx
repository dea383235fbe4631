import { Link } from "react-router";
import type { ApiEvent } from "../../api/types";
import { Copy } from "../../components/copy/Copy";
import { Icon, type IconName } from "../../components/icon/Icon";
import { Skeleton } from "../../components/state/Skeleton";
import { TimeAgo } from "../../components/time/TimeAgo";

interface Props {
  issue: string;
  event: ApiEvent | undefined;
  showNewer: (() => void) | undefined;
  org: string | undefined;
  project: string | undefined;
  stale: boolean;
}

/** Which of the issue's events is shown, and the way to the others. */
export function EventNav({ issue, event, showNewer, org, project, stale }: Props) {
  const to = (key: string) => `/issues/${issue}/events/${key}`;
  const previous = event?.previousEventID ?? undefined;
  const next = event?.nextEventID ?? undefined;
  return (
    <nav className="event-nav" aria-label="Events of this issue" aria-busy={stale}>
      <div className="event-id">
        <span className="muted">Event</span>
        {event ? (
          <>
            <code title={event.eventID}>{event.eventID.slice(0, 8)}</code>
            <Copy text={event.eventID} label="Copy the event id" iconOnly className="btn small quiet" />
            <TimeAgo at={event.dateCreated} className="event-when" />
          </>
        ) : (
          <Skeleton width={170} />
        )}
      </div>
      {event && org && project && (
        <a className="link event-json" href={`/api/0/projects/${org}/${project}/events/${event.eventID}/json/`} target="_blank" rel="noreferrer">
          JSON
        </a>
      )}
      {showNewer && (
        <button type="button" className="btn small event-newer" onClick={showNewer}>
          <span className="live-dot" /> New events
        </button>
      )}
      <div className="event-steps">
        <Step icon="first" label="First event" to={previous && to("oldest")} />
        <Step icon="previous" label="Previous event" to={previous && to(previous)} />
        <Step icon="next" label="Next event" to={next && to(next)} />
        <Step icon="latest" label="Latest event" to={next && to("latest")} />
      </div>
    </nav>
  );
}

function Step({ icon, label, to }: { icon: IconName; label: string; to: string | undefined }) {
  if (!to) {
    return (
      <span className="btn small icon" aria-disabled="true" role="link" aria-label={label} title={label}>
        <Icon name={icon} />
      </span>
    );
  }
  return (
    <Link className="btn small icon" to={to} aria-label={label} title={label} preventScrollReset>
      <Icon name={icon} />
    </Link>
  );
}
