import { NavLink } from "react-router";
import { useLogout, useSession } from "../../api/queries";
import { Icon } from "../icon/Icon";
import { isDark, useTheme } from "./theme";
import "./topbar.css";

export function TopBar() {
  const session = useSession();
  const logout = useLogout();
  const [theme, setTheme] = useTheme();
  const dark = isDark(theme);
  return (
    <header className="topbar">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="topbar-inner">
        <NavLink to="/issues" className="brand" aria-label="Watchpost, issues">
          <Mark />
          <span>Watchpost</span>
        </NavLink>
        <nav aria-label="Main">
          <NavLink to="/issues">Issues</NavLink>
          <NavLink to="/projects">Projects</NavLink>
          <NavLink to="/settings">Settings</NavLink>
        </nav>
        <button type="button" className="btn quiet icon" onClick={() => setTheme(dark ? "light" : "dark")} aria-label={dark ? "Use the light theme" : "Use the dark theme"} title={dark ? "Light theme" : "Dark theme"}>
          <Icon name={dark ? "sun" : "moon"} />
        </button>
        <button type="button" className="btn quiet small sign-out" onClick={() => logout.mutate()} title={`Signed in as ${session.data?.username ?? session.data?.email ?? "?"}`}>
          Sign out
        </button>
      </div>
    </header>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" className="mark">
      <path className="beam" d="M7.5 7 23 2.2v11.4z" />
      <path className="tower" d="M5.2 10.6h4.6L11.4 22H3.6z" />
      <circle className="lamp" cx="7.5" cy="7" r="2.8" />
    </svg>
  );
}
