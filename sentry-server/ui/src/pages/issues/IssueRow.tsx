import { memo } from "react";
import { Link } from "react-router";
import type { Issue, StatsPeriod, Status } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import { Level } from "../../components/level/Level";
import { Spark } from "../../components/spark/Spark";
import { Skeleton } from "../../components/state/Skeleton";
import { TimeAgo } from "../../components/time/TimeAgo";
import { compact, grouped } from "../../format/number";
import { splitTitle } from "./title";

interface Props {
  issue: Issue;
  period: StatsPeriod;
  picked: boolean;
  current: boolean;
  showProject: boolean;
  onPick: () => void;
  onAct: (status: Status) => void;
  onFocus: () => void;
  onApproach: () => void;
  index: number;
}

export const IssueRow = memo(
  function IssueRow({ issue, period, picked, current, showProject, onPick, onAct, onFocus, onApproach, index }: Props) {
    const [type, value] = splitTitle(issue);
    const count = Number(issue.count);
    return (
      <li className="row" data-row={index} data-level={issue.level} data-current={current} data-picked={picked} data-status={issue.status} onFocus={onFocus} onPointerEnter={onApproach}>
        <label className="row-pick">
          <input type="checkbox" checked={picked} onChange={onPick} aria-label={`Select ${issue.shortId}`} />
        </label>
        <div className="row-main">
          <Link to={`/issues/${issue.id}`} className="row-title">
            <span className="row-type">{type}</span>
            {value && <span className="row-value"> {value}</span>}
          </Link>
          <p className="row-meta">
            <Level level={issue.level} />
            {issue.isUnhandled && <span className="row-unhandled">unhandled</span>}
            {issue.status !== "unresolved" && <span className="row-status">{issue.status}</span>}
            {issue.culprit && (
              <span className="row-culprit mono" title={issue.culprit}>
                {issue.culprit}
              </span>
            )}
            <span className="row-id">{issue.shortId}</span>
            {showProject && <span className="row-project">{issue.project.name}</span>}
            <span className="row-first">
              first <TimeAgo at={issue.firstSeen} />
            </span>
          </p>
        </div>
        <div className="col-spark">
          <Spark series={issue.stats?.[period]} label={period === "24h" ? "24 hours" : "14 days"} />
        </div>
        <span className="col-number num row-events" title={`${grouped(count)} events`}>
          {compact(count)}
          <span className="phone-only"> {count === 1 ? "event" : "events"}</span>
        </span>
        <span className="col-number num row-users" data-none={issue.userCount === 0} title={`${grouped(issue.userCount)} users`}>
          {issue.userCount === 0 ? <span className="muted">–</span> : compact(issue.userCount)}
          <span className="phone-only"> {issue.userCount === 1 ? "user" : "users"}</span>
        </span>
        <span className="col-seen">
          <TimeAgo at={issue.lastSeen} />
        </span>
        <div className="row-actions">
          {issue.status === "unresolved" ? (
            <>
              <button type="button" className="btn small icon" onClick={() => onAct("resolved")} aria-label={`Resolve ${issue.shortId}`} title="Resolve (e)">
                <Icon name="check" />
              </button>
              <button type="button" className="btn small icon" onClick={() => onAct("ignored")} aria-label={`Ignore ${issue.shortId}`} title="Ignore (i)">
                <Icon name="mute" />
              </button>
            </>
          ) : (
            <button type="button" className="btn small icon" onClick={() => onAct("unresolved")} aria-label={`Reopen ${issue.shortId}`} title="Reopen">
              <Icon name="undo" />
            </button>
          )}
        </div>
      </li>
    );
  },
  (a, b) => a.issue === b.issue && a.period === b.period && a.picked === b.picked && a.current === b.current && a.showProject === b.showProject && a.onAct === b.onAct && a.index === b.index,
);

/** As tall as real rows, so that nothing jumps when they come. */
export function SkeletonRows() {
  return (
    <ol aria-hidden="true">
      {Array.from({ length: 8 }, (_, index) => (
        <li key={index} className="row skeleton-row">
          <span />
          <div className="row-main">
            <div className="row-title">
              <Skeleton width={`${62 - ((index * 17) % 34)}%`} />
            </div>
            <p className="row-meta">
              <Skeleton width={220} height={12} />
            </p>
          </div>
          <div className="col-spark">
            <Skeleton width={120} height={26} />
          </div>
          <span className="col-number">
            <Skeleton width={28} />
          </span>
          <span className="col-number">
            <Skeleton width={22} />
          </span>
          <span className="col-seen">
            <Skeleton width={70} />
          </span>
        </li>
      ))}
    </ol>
  );
}
