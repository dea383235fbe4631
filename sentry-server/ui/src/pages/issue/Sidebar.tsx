import { useState } from "react";
import { Link } from "react-router";
import { useIssueTags } from "../../api/queries";
import type { Issue, StatsPeriod, TagSummary } from "../../api/types";
import { Chart } from "../../components/chart/Chart";
import { Failure } from "../../components/state/Failure";
import { Skeleton } from "../../components/state/Skeleton";
import { TimeAgo } from "../../components/time/TimeAgo";
import { grouped, percent } from "../../format/number";
import { tagQuery } from "./Tags";

/** The issue as a whole: how often, since when, for whom. Two parts, so that on a phone the event lies between them. */
export function Sidebar({ issue, id }: { issue: Issue | undefined; id: string }) {
  return (
    <>
      <aside className="issue-side" aria-label="About this issue">
        <Totals issue={issue} />
      </aside>
      <aside className="issue-more" aria-label="History and tags of all events">
        <History issue={issue} />
        <Distributions id={id} />
      </aside>
    </>
  );
}

function Totals({ issue }: { issue: Issue | undefined }) {
  return (
    <dl className="totals">
      <div>
        <dt>Events</dt>
        <dd className="num big">{issue ? grouped(Number(issue.count)) : <Skeleton width={40} />}</dd>
      </div>
      <div>
        <dt>Users</dt>
        <dd className="num big">{issue ? grouped(issue.userCount) : <Skeleton width={30} />}</dd>
      </div>
      <div>
        <dt>Last seen</dt>
        <dd>
          {issue ? <TimeAgo at={issue.lastSeen} /> : <Skeleton width={80} />}
          {issue?.lastRelease && <span className="muted mono totals-release">{issue.lastRelease.version}</span>}
        </dd>
      </div>
      <div>
        <dt>First seen</dt>
        <dd>
          {issue ? <TimeAgo at={issue.firstSeen} /> : <Skeleton width={80} />}
          {issue?.firstRelease && <span className="muted mono totals-release">{issue.firstRelease.version}</span>}
        </dd>
      </div>
    </dl>
  );
}

function History({ issue }: { issue: Issue | undefined }) {
  const [period, setPeriod] = useState<StatsPeriod>("24h");
  const series = issue?.stats?.[period];
  if (issue && !issue.stats) return null;
  return (
    <section className="side-part">
      <header>
        <h2>History</h2>
        <div className="segmented" role="group" aria-label="Period">
          {(["24h", "14d"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={period === one} onClick={() => setPeriod(one)}>
              {one}
            </button>
          ))}
        </div>
      </header>
      {series ? <Chart series={series} period={period} /> : <Skeleton height={112} />}
    </section>
  );
}

function Distributions({ id }: { id: string }) {
  const tags = useIssueTags(id);
  if (tags.isError) return <Failure what="The tags did not load" error={tags.error} retry={() => void tags.refetch()} />;
  if (tags.data?.length === 0) return null;
  return (
    <section className="side-part">
      <header>
        <h2>Tags</h2>
      </header>
      {!tags.data && <Skeleton height={120} />}
      {tags.data?.filter(varies).map((tag) => <Distribution key={tag.key} tag={tag} />)}
      <dl className="uniform">
        {tags.data
          ?.filter((tag) => !varies(tag) && tag.topValues[0])
          .map((tag) => (
            <div key={tag.key}>
              <dt>{tag.name ?? tag.key}</dt>
              <dd title={`${tag.topValues[0]!.value}: all that have this tag`}>
                <Link to={tagQuery(tag.key, tag.topValues[0]!.value)}>{tag.topValues[0]!.value}</Link>
              </dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

/** A tag that is the same on all events needs a line, not a chart. */
function varies(tag: TagSummary): boolean {
  return tag.topValues.length > 1;
}

const SHOWN = 3;

function Distribution({ tag }: { tag: TagSummary }) {
  const [all, setAll] = useState(false);
  const total = tag.totalValues || tag.topValues.reduce((sum, value) => sum + value.count, 0);
  const values = all ? tag.topValues : tag.topValues.slice(0, SHOWN);
  return (
    <div className="distribution">
      <h3>{tag.name ?? tag.key}</h3>
      <ul>
        {values.map((value) => (
          <li key={value.value}>
            <Link to={tagQuery(tag.key, value.value)} title={`${value.value}: ${grouped(value.count)} of ${grouped(total)}`}>
              <span className="distribution-bar" style={{ width: `${Math.max(1, (value.count / Math.max(1, total)) * 100)}%` }} />
              <span className="distribution-value">{value.value === "" ? "(empty)" : value.value}</span>
              <span className="num muted">{percent(value.count, total)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {tag.topValues.length > SHOWN && (
        <button type="button" className="btn small quiet" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? "Fewer" : `${tag.topValues.length - SHOWN} more`}
        </button>
      )}
    </div>
  );
}
