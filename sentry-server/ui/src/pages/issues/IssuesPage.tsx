import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { reasonOf } from "../../api/client";
import { useIssues, usePrefetchIssue, useProjects, useSetStatus } from "../../api/queries";
import type { Issue, Page, Status } from "../../api/types";
import { Failure } from "../../components/state/Failure";
import { useToast } from "../../components/toast/Toast";
import { useTitle } from "../../components/useTitle";
import { plural } from "../../format/number";
import { Onboarding } from "../onboarding/Onboarding";
import { Filters } from "./Filters";
import { IssueRow, SkeletonRows } from "./IssueRow";
import { type ListState, readState, writeState } from "./search";
import { useListKeys } from "./useListKeys";
import "./issues.css";

const REFRESH_MS = 5_000;
const VERB: Record<Status, string> = { resolved: "Resolved", ignored: "Ignored", unresolved: "Reopened" };

export function IssuesPage() {
  const [parameters, setParameters] = useSearchParams();
  const state = useMemo(() => readState(parameters), [parameters]);
  const change = useCallback((next: Partial<ListState>) => setParameters(writeState(state, next), { replace: !("cursor" in next) }), [setParameters, state]);
  const [live, setLive] = useState(readLive);
  const projects = useProjects();
  const issues = useIssues(state, live ? REFRESH_MS : false);
  const items = issues.data?.items;
  useTitle("Issues");

  const prefetch = usePrefetchIssue();
  const setStatus = useSetStatus();
  const toast = useToast();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const act = useCallback(
    (chosen: Issue[], status: Status) => {
      if (chosen.length === 0) return;
      const before = chosen[0]!.status;
      const ids = chosen.map((issue) => issue.id);
      setPicked(new Set());
      setStatus.mutate(
        { ids, status },
        {
          onSuccess: () =>
            toast({
              text: `${VERB[status]} ${chosen.length === 1 ? chosen[0]!.shortId : plural(chosen.length, "issue")}`,
              action: { label: "Undo", run: () => setStatus.mutate({ ids, status: before }) },
            }),
          onError: (error) => toast({ text: `Nothing was changed: ${reasonOf(error)}`, bad: true }),
        },
      );
    },
    [setStatus, toast],
  );

  const navigate = useNavigate();
  const search = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useListKeys(items ?? [], {
    open: (issue) => void navigate(`/issues/${issue.id}`),
    pick: (issue) => setPicked((old) => toggled(old, issue.id)),
    act: (issue, status) => act(picked.size > 0 ? (items ?? []).filter((one) => picked.has(one.id)) : [issue], status),
    search: () => search.current?.focus(),
  });

  // A list that is empty under every filter has never had an event: then say how to send the first.
  const empty = items?.length === 0 && !issues.isPlaceholderData;
  const anything = useIssues({ query: "", sort: "date", project: state.project, period: "24h", limit: 1 }, live ? REFRESH_MS : false, empty);
  const never = empty && anything.data?.items.length === 0;
  const project = projects.data?.find((one) => one.id === state.project) ?? projects.data?.[0];

  useEffect(() => {
    // Ticks of rows that are gone would act on something nobody sees.
    setPicked((old) => {
      const kept = [...old].filter((id) => items?.some((issue) => issue.id === id));
      return kept.length === old.size ? old : new Set(kept);
    });
  }, [items]);

  const chosen = (items ?? []).filter((issue) => picked.has(issue.id));
  return (
    <div className="page issues">
      <h1 className="sr-only">Issues</h1>
      <Filters
        state={state}
        change={change}
        projects={projects.data ?? []}
        search={search}
        live={live}
        setLive={(next) => {
          setLive(next);
          writeLive(next);
        }}
        refresh={() => void issues.refetch()}
        refreshing={issues.isFetching}
      />
      {issues.isError && !items ? (
        <Failure what="The issues did not load" error={issues.error} retry={() => void issues.refetch()} />
      ) : never && project ? (
        <Onboarding project={project} />
      ) : (
        <>
          {issues.isError && <Failure what="The list could not be refreshed; it may be out of date" error={issues.error} retry={() => void issues.refetch()} />}
          <div className="list card" aria-busy={issues.isPending || issues.isPlaceholderData}>
            <div className="list-head">
              {chosen.length > 0 ? (
                <div className="list-bulk">
                  <span className="num">{chosen.length} selected</span>
                  <button type="button" className="btn small" onClick={() => act(chosen, "resolved")}>
                    Resolve
                  </button>
                  <button type="button" className="btn small" onClick={() => act(chosen, "ignored")}>
                    Ignore
                  </button>
                  <button type="button" className="btn small" onClick={() => act(chosen, "unresolved")}>
                    Reopen
                  </button>
                  <button type="button" className="btn small quiet" onClick={() => setPicked(new Set())}>
                    Clear
                  </button>
                </div>
              ) : (
                <span className="list-count">
                  {!issues.data ? "Loading" : total(issues.data) === undefined ? "Issues" : plural(total(issues.data)!, "issue")}
                </span>
              )}
              <div className="segmented col-spark" role="group" aria-label="Period of the graphs">
                {(["24h", "14d"] as const).map((period) => (
                  <button key={period} type="button" aria-pressed={state.period === period} onClick={() => change({ period })}>
                    {period}
                  </button>
                ))}
              </div>
              <span className="col-number">Events</span>
              <span className="col-number">Users</span>
              <span className="col-seen">Last seen</span>
            </div>
            {!items ? (
              <SkeletonRows />
            ) : items.length === 0 ? (
              <div className="nothing">
                <h2>{state.query === "is:unresolved" ? "All quiet" : "Nothing matches"}</h2>
                <p>{state.query === "is:unresolved" ? "Every issue is resolved or ignored. New ones appear here by themselves." : "No issue fits this search."}</p>
                <button type="button" className="btn" onClick={() => change({ query: "", project: undefined })}>
                  Show all issues
                </button>
              </div>
            ) : (
              <ol>
                {items.map((issue, index) => (
                  <IssueRow
                    key={issue.id}
                    issue={issue}
                    index={index}
                    period={state.period}
                    picked={picked.has(issue.id)}
                    current={cursor === index}
                    onPick={() => setPicked((old) => toggled(old, issue.id))}
                    onAct={(status) => act([issue], status)}
                    onFocus={() => setCursor(index)}
                    onApproach={() => prefetch(issue.id)}
                    showProject={(projects.data?.length ?? 0) > 1}
                  />
                ))}
              </ol>
            )}
          </div>
          {(issues.data?.next || issues.data?.previous) && (
            <nav className="pager" aria-label="Pages">
              <button type="button" className="btn" disabled={!issues.data.previous} onClick={() => change({ cursor: issues.data.previous })}>
                Previous
              </button>
              <button type="button" className="btn" disabled={!issues.data.next} onClick={() => change({ cursor: issues.data.next })}>
                Next
              </button>
            </nav>
          )}
          <p className="keys muted">
            <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>x</kbd> select · <kbd>e</kbd> resolve · <kbd>i</kbd> ignore · <kbd>/</kbd> search
          </p>
        </>
      )}
    </div>
  );
}

/** How many there are in all, where that is known. */
function total(page: Page<Issue>): number | undefined {
  return page.hits ?? (page.next || page.previous ? undefined : page.items.length);
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

const LIVE_KEY = "watchpost.live";

function readLive(): boolean {
  try {
    return localStorage.getItem(LIVE_KEY) !== "off";
  } catch {
    return true;
  }
}

function writeLive(live: boolean): void {
  try {
    localStorage.setItem(LIVE_KEY, live ? "on" : "off");
  } catch {
    // Storage is blocked: the choice lasts until the page is closed.
  }
}
