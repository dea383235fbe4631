import { useEffect, useMemo, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../../api/client";
import { viewEvent } from "../../api/event";
import { useEvent, useIssue, useOrganization } from "../../api/queries";
import { Failure } from "../../components/state/Failure";
import { Skeleton } from "../../components/state/Skeleton";
import { StackTrace } from "../../components/stacktrace/StackTrace";
import { useTitle } from "../../components/useTitle";
import { splitTitle } from "../issues/title";
import { Breadcrumbs } from "./Breadcrumbs";
import { Contexts } from "./Contexts";
import { EventNav } from "./EventNav";
import { IssueHeader } from "./IssueHeader";
import { Panel } from "./Panel";
import { Request } from "./Request";
import { Sidebar } from "./Sidebar";
import { Tags } from "./Tags";
import "./issue.css";

/** One issue, through one of its events (`latest` unless the address names another). */
export function IssuePage({ issue: id, event: eventKey }: { issue: string; event: string }) {
  const organization = useOrganization().data?.slug;
  const issue = useIssue(id);
  const event = useEvent(id, eventKey);
  const view = useMemo(() => event.data && viewEvent(event.data), [event.data]);
  const newer = useNewer(issue.data?.count, eventKey === "latest" ? event.dataUpdatedAt : undefined);
  useTitle(issue.data && splitTitle(issue.data).filter(Boolean).join(": "));
  if (issue.isError && !issue.data) {
    const gone = issue.error instanceof ApiError && issue.error.status === 404;
    return (
      <div className="page">
        <Failure what={gone ? "This issue does not exist" : "The issue did not load"} error={issue.error} retry={gone ? undefined : () => void issue.refetch()} />
        <Link className="link" to="/issues">
          All issues
        </Link>
      </div>
    );
  }
  return (
    <div className="page issue" data-level={issue.data?.level}>
      <IssueHeader issue={issue.data} />
      <div className="issue-grid">
        <div className="issue-main">
          <EventNav issue={id} event={event.data} showNewer={newer ? () => void event.refetch() : undefined} org={organization} project={issue.data?.project.slug} stale={event.isPlaceholderData} />
          {event.isError && !event.data ? (
            <Failure what="The event did not load" error={event.error} retry={() => void event.refetch()} />
          ) : !view || !event.data ? (
            <EventSkeleton />
          ) : (
            <div className="issue-event" key={event.data.eventID}>
              {event.data.bodyDropped && (
                <p className="note" role="note">
                  Only the counters of this event were kept: the issue was arriving faster than bodies are stored.
                </p>
              )}
              {view.exceptions.length === 0 && view.message && (
                <Panel title="Message">
                  <Message text={view.message} />
                </Panel>
              )}
              <StackTrace exceptions={view.exceptions} threads={view.threads} platform={event.data.platform ?? "other"} />
              {view.exceptions.length > 0 && view.message && view.message !== view.exceptions.at(-1)?.value && (
                <Panel title="Message">
                  <Message text={view.message} />
                </Panel>
              )}
              <Breadcrumbs crumbs={view.breadcrumbs} eventAt={event.data.dateCreated} />
              <Tags tags={event.data.tags ?? []} />
              {view.request && <Request request={view.request} />}
              <Contexts view={view} event={event.data} />
            </div>
          )}
        </div>
        <Sidebar issue={issue.data} id={id} />
      </div>
    </div>
  );
}

/** Whether events arrived since the one shown as the latest was loaded. */
function useNewer(count: string | undefined, loadedAt: number | undefined): boolean {
  const [known, setKnown] = useState<{ loadedAt: number; count: string }>();
  useEffect(() => {
    if (count !== undefined && loadedAt) setKnown((old) => (old?.loadedAt === loadedAt ? old : { loadedAt, count }));
  }, [count, loadedAt]);
  return known !== undefined && known.loadedAt === loadedAt && known.count !== count;
}

const LONG = 2000;

function Message({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  return (
    <div className="message">
      <p>{whole ? text : text.slice(0, LONG)}</p>
      {text.length > LONG && !whole && (
        <button type="button" className="btn small" onClick={() => setWhole(true)}>
          Show all {text.length} characters
        </button>
      )}
    </div>
  );
}

function EventSkeleton() {
  return (
    <div className="issue-event" aria-busy="true">
      <div className="panel">
        <header className="panel-head">
          <Skeleton width={110} />
        </header>
        <div className="panel-wait">
          {[70, 46, 58, 40, 64, 30].map((width) => (
            <Skeleton key={width} width={`${width}%`} />
          ))}
        </div>
      </div>
      <div className="panel">
        <header className="panel-head">
          <Skeleton width={90} />
        </header>
        <div className="panel-wait">
          <Skeleton width="60%" />
          <Skeleton width="52%" />
        </div>
      </div>
    </div>
  );
}
