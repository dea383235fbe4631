import type { Series } from "../../api/types";
import { plural } from "../../format/number";
import "./spark.css";

const WIDTH = 120;
const HEIGHT = 26;

/** A row's history as bars. Empty hours keep a hairline, so that a single event does not float in nothing. */
export function Spark({ series, label }: { series: Series | undefined; label: string }) {
  if (!series || series.length === 0) return <span className="spark" aria-hidden="true" />;
  const max = Math.max(1, ...series.map(([, count]) => count));
  const total = series.reduce((sum, [, count]) => sum + count, 0);
  const step = WIDTH / series.length;
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${plural(total, "event")} in ${label}, at most ${max} in one step`}>
      {series.map(([at, count], index) => {
        const height = count === 0 ? 1 : Math.max(3, (count / max) * (HEIGHT - 1));
        return <rect key={at} className={count === 0 ? "none" : undefined} x={index * step + 0.5} y={HEIGHT - height} width={Math.max(1, step - 1)} height={height} />;
      })}
    </svg>
  );
}
