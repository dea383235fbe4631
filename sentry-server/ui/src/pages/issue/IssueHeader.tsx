import { Link } from "react-router";
import { reasonOf } from "../../api/client";
import { useSetStatus } from "../../api/queries";
import type { Issue, Status } from "../../api/types";
import { Copy } from "../../components/copy/Copy";
import { Icon } from "../../components/icon/Icon";
import { Level } from "../../components/level/Level";
import { Skeleton } from "../../components/state/Skeleton";
import { useToast } from "../../components/toast/Toast";
import { splitTitle } from "../issues/title";

export function IssueHeader({ issue }: { issue: Issue | undefined }) {
  const setStatus = useSetStatus();
  const toast = useToast();
  if (!issue) return <HeaderSkeleton />;
  const [type, value] = splitTitle(issue);
  const set = (status: Status) =>
    setStatus.mutate({ ids: [issue.id], status }, { onError: (error) => toast({ text: `The status was not changed: ${reasonOf(error)}`, bad: true }) });
  return (
    <header className="issue-head">
      <div className="issue-words">
        <p className="issue-crumbs">
          <Link to="/issues">Issues</Link>
          <span aria-hidden="true">/</span>
          <Link to={`/projects/${issue.project.slug}`}>{issue.project.name}</Link>
          <span aria-hidden="true">/</span>
          <span className="mono">{issue.shortId}</span>
          <Copy text={issue.permalink ?? location.href} label="Copy the link" iconOnly className="btn small quiet" />
        </p>
        <h1>{type}</h1>
        {value && <p className="issue-value">{value}</p>}
        <p className="issue-meta">
          <Level level={issue.level} />
          <span className={`status status-${issue.status}`}>{issue.status}</span>
          {issue.isUnhandled && <span className="row-unhandled">unhandled</span>}
          {issue.culprit && <span className="mono issue-culprit">{issue.culprit}</span>}
        </p>
      </div>
      <div className="issue-actions">
        {issue.status === "unresolved" ? (
          <>
            <button type="button" className="btn primary" disabled={setStatus.isPending} onClick={() => set("resolved")}>
              <Icon name="check" /> Resolve
            </button>
            <button type="button" className="btn" disabled={setStatus.isPending} onClick={() => set("ignored")}>
              <Icon name="mute" /> Ignore
            </button>
          </>
        ) : (
          <button type="button" className="btn" disabled={setStatus.isPending} onClick={() => set("unresolved")}>
            <Icon name="undo" /> Reopen
          </button>
        )}
      </div>
    </header>
  );
}

function HeaderSkeleton() {
  return (
    <header className="issue-head" aria-busy="true">
      <div className="issue-words">
        <p className="issue-crumbs">
          <Skeleton width={160} height={12} />
        </p>
        <h1>
          <Skeleton width={220} height={22} />
        </h1>
        <p className="issue-value">
          <Skeleton width={420} />
        </p>
        <p className="issue-meta">
          <Skeleton width={260} height={12} />
        </p>
      </div>
    </header>
  );
}
