import { type RefObject, useEffect, useState } from "react";
import type { Project, Status } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import { type ListState, SORTS, type Sort, statusOf, withStatus } from "./search";

const STATUSES: [Status | undefined, string][] = [
  ["unresolved", "Unresolved"],
  ["resolved", "Resolved"],
  ["ignored", "Ignored"],
  [undefined, "All"],
];

interface Props {
  state: ListState;
  change: (next: Partial<ListState>) => void;
  projects: Project[];
  search: RefObject<HTMLInputElement | null>;
  live: boolean;
  setLive: (live: boolean) => void;
  refresh: () => void;
  refreshing: boolean;
}

export function Filters({ state, change, projects, search, live, setLive, refresh, refreshing }: Props) {
  const [text, setText] = useState(state.query);
  useEffect(() => setText(state.query), [state.query]);
  return (
    <div className="filters">
      <form
        role="search"
        className="search"
        onSubmit={(event) => {
          event.preventDefault();
          change({ query: text.trim() });
        }}
      >
        <Icon name="search" />
        <input
          ref={search}
          className="field"
          type="search"
          aria-label="Search issues"
          placeholder="Search: is:unresolved level:error a word of the title"
          spellCheck={false}
          autoCapitalize="none"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
      </form>
      <div className="segmented" role="group" aria-label="Status">
        {STATUSES.map(([status, label]) => (
          <button key={label} type="button" aria-pressed={statusOf(state.query) === status} onClick={() => change({ query: withStatus(state.query, status) })}>
            {label}
          </button>
        ))}
      </div>
      <div className="filters-end">
        {projects.length > 1 && (
          <select className="field" aria-label="Project" value={state.project ?? ""} onChange={(event) => change({ project: event.target.value || undefined })}>
            <option value="">All projects</option>
            {projects.map((project) => (
              <option key={project.id} value={project.id}>
                {project.name}
              </option>
            ))}
          </select>
        )}
        <select className="field" aria-label="Sort by" value={state.sort} onChange={(event) => change({ sort: event.target.value as Sort })}>
          {Object.entries(SORTS).map(([sort, label]) => (
            <option key={sort} value={sort}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" className="btn live" aria-pressed={live} onClick={() => setLive(!live)} title={live ? "Refreshes every 5 seconds; press to stop" : "Press to refresh every 5 seconds"}>
          <span className="live-dot" /> Live
        </button>
        {!live && (
          <button type="button" className="btn icon" onClick={refresh} disabled={refreshing} aria-label="Refresh" title="Refresh">
            <Icon name="refresh" />
          </button>
        )}
      </div>
    </div>
  );
}
