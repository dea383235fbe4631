import type { Level as LevelName } from "../../api/types";
import "./level.css";

/** A word and a colour: the colour never says anything alone. */
export function Level({ level }: { level: LevelName | string }) {
  return (
    <span className="level" data-level={level}>
      {level}
    </span>
  );
}
