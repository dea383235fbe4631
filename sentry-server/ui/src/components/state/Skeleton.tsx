/** A grey bar the size of what is coming. */
export function Skeleton({ width = "100%", height = 14 }: { width?: number | string; height?: number | string }) {
  return <span className="skeleton" style={{ display: "inline-block", width, height, maxWidth: "100%", verticalAlign: "middle" }} aria-hidden="true" />;
}
