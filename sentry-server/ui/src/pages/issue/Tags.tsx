import { Link } from "react-router";
import { Panel } from "./Panel";

/** A search for one value of one tag, quoted where it needs to be. */
export function tagQuery(key: string, value: string): string {
  return `/issues?${new URLSearchParams({ query: `${key}:${/^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}` })}`;
}

export function Tags({ tags }: { tags: { key: string; value: string }[] }) {
  if (tags.length === 0) return null;
  return (
    <Panel title="Tags">
      <ul className="tags">
        {tags.map(({ key, value }) => (
          <li key={key}>
            <Link to={tagQuery(key, value)} className="tag" title={`Search issues with ${key} = ${value}`}>
              <span className="tag-key">{key}</span>
              <span className="tag-value">{value}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
