import { useState } from "react";
import type { Series } from "../../api/types";
import { compact, plural } from "../../format/number";
import "./chart.css";

const HEIGHT = 64;

/** Events over time as bars; the bar under the pointer is told above them. */
export function Chart({ series, period }: { series: Series; period: "24h" | "14d" }) {
  const [at, setAt] = useState<number>();
  const max = Math.max(1, ...series.map(([, count]) => count));
  const total = series.reduce((sum, [, count]) => sum + count, 0);
  const shown = at === undefined ? undefined : series[at];
  return (
    <figure className="chart">
      <figcaption className="num">
        {shown ? (
          <>
            <b>{plural(shown[1], "event")}</b> <span className="muted">{moment(shown[0], period)}</span>
          </>
        ) : (
          <>
            <b>{plural(total, "event")}</b> <span className="muted">in {period === "24h" ? "24 hours" : "14 days"}</span>
          </>
        )}
        <span className="muted chart-max">max {compact(max)}</span>
      </figcaption>
      <div className="chart-bars" style={{ height: HEIGHT }} role="img" aria-label={`${plural(total, "event")} in the last ${period === "24h" ? "24 hours" : "14 days"}`} onPointerLeave={() => setAt(undefined)}>
        {series.map(([time, count], index) => (
          <div key={time} className="chart-slot" onPointerEnter={() => setAt(index)} onPointerDown={() => setAt(index)} data-on={at === index}>
            <div className={count === 0 ? "chart-bar none" : "chart-bar"} style={{ height: count === 0 ? 1 : Math.max(3, (count / max) * HEIGHT) }} />
          </div>
        ))}
      </div>
      <div className="chart-axis muted num" aria-hidden="true">
        <span>{series[0] && moment(series[0][0], period)}</span>
        <span>now</span>
      </div>
    </figure>
  );
}

function moment(seconds: number, period: "24h" | "14d"): string {
  const date = new Date(seconds * 1000);
  return period === "24h" ? date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) : date.toLocaleDateString(undefined, { month: "short", day: "numeric" });
}
