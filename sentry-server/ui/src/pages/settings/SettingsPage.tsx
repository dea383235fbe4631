import { useLogout, useOrganization, useSession } from "../../api/queries";
import { type Theme, useTheme } from "../../components/topbar/theme";
import { useTitle } from "../../components/useTitle";
import "../projects/projects.css";
import "./settings.css";

const THEMES: [Theme, string][] = [
  ["system", "Follow the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function SettingsPage() {
  useTitle("Settings");
  const [theme, setTheme] = useTheme();
  const session = useSession();
  const organization = useOrganization();
  const logout = useLogout();
  return (
    <div className="page narrow">
      <h1 className="page-title">Settings</h1>
      <div className="settings card">
        <section>
          <div>
            <h2>Theme</h2>
            <p className="muted">Kept in this browser.</p>
          </div>
          <div className="segmented" role="group" aria-label="Theme">
            {THEMES.map(([value, label]) => (
              <button key={value} type="button" aria-pressed={theme === value} onClick={() => setTheme(value)}>
                {label}
              </button>
            ))}
          </div>
        </section>
        <section>
          <div>
            <h2>Organisation</h2>
            <p className="muted mono">{organization.data?.slug}</p>
          </div>
          <span>{organization.data?.name}</span>
        </section>
        <section>
          <div>
            <h2>Signed in</h2>
            <p className="muted">{session.data?.email ?? session.data?.username ?? session.data?.name}</p>
          </div>
          <button type="button" className="btn" onClick={() => logout.mutate()}>
            Sign out
          </button>
        </section>
      </div>
    </div>
  );
}
