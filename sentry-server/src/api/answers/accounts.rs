//! Answers about organisations, projects, and who may do what in them.

use super::Shape::{self, Date, Flag, List, Map, Maybe, Nothing, Object, Text, Whole};
use super::shape::Part;

const ORGANIZATION_FIELDS: Part = &[
    ("id", Text),
    ("slug", Text),
    ("name", Text),
    ("dateCreated", Date),
    ("status", Object("", &[&[("id", Text), ("name", Text)]])),
    ("isEarlyAdopter", Flag),
    ("require2FA", Flag),
    ("requireEmailVerification", Flag),
    ("features", List(&Text)),
];
pub(in crate::api) const ORGANIZATION: Shape = Object("Organization", &[ORGANIZATION_FIELDS]);
pub(in crate::api) const ORGANIZATION_WITH_ACCESS: Shape =
    Object("OrganizationWithAccess", &[ORGANIZATION_FIELDS, &[("access", List(&Text))]]);

const TEAM_REFERENCE: Shape = Object("TeamReference", &[&[("id", Text), ("slug", Text), ("name", Text)]]);

const PROJECT_FIELDS: Part = &[
    ("id", Text),
    ("slug", Text),
    ("name", Text),
    ("platform", Maybe(&Text)),
    ("dateCreated", Date),
    ("firstEvent", Maybe(&Date)),
    ("status", Text),
    ("isMember", Flag),
    ("hasAccess", Flag),
    ("features", List(&Text)),
    ("team", Maybe(&TEAM_REFERENCE)),
    ("teams", List(&TEAM_REFERENCE)),
    ("organization", ORGANIZATION),
];
pub(in crate::api) const PROJECT: Shape = Object("Project", &[PROJECT_FIELDS]);
pub(in crate::api) const NEW_PROJECT: Shape = Object("NewProject", &[PROJECT_FIELDS, &[("dsn", Text)]]);
pub(in crate::api) const PROJECT_WITH_SETTINGS: Shape = Object(
    "ProjectWithSettings",
    &[
        PROJECT_FIELDS,
        &[
            ("fingerprintingRules", Text),
            ("groupingEnhancements", Text),
            ("groupingConfig", Text),
            ("groupingAutoUpdate", Flag),
            ("secondaryGroupingConfig", Maybe(&Text)),
            ("secondaryGroupingExpiry", Maybe(&Whole)),
            ("dataScrubber", Flag),
            ("scrubIPAddresses", Flag),
            ("sensitiveFields", List(&Text)),
            ("safeFields", List(&Text)),
            (
                "options",
                Object(
                    "ProjectOptions",
                    &[&[
                        ("filters:releases", Text),
                        ("filters:error_messages", Text),
                        ("filters:blacklisted_ips", Text),
                    ]],
                ),
            ),
        ],
    ],
);
pub(in crate::api) const FILTER: Shape = Object("Filter", &[&[("id", Text), ("active", Flag)]]);

const QUOTA_LIST: Shape =
    List(&Object("Quota", &[&[("categories", List(&Text)), ("limit", Whole), ("window_seconds", Whole)]]));
pub(in crate::api) const QUOTAS: Shape = Object("Quotas", &[&[("quotas", QUOTA_LIST)]]);
const GROUPING_RULES: Part = &[("config", Maybe(&Text)), ("fingerprint_rules", Text), ("stack_rules", Text)];
pub(in crate::api) const SETTINGS: Shape = Object(
    "Settings",
    &[&[
        ("quotas", QUOTA_LIST),
        ("spike_protection", Flag),
        (
            "filters",
            Object(
                "",
                &[&[
                    ("legacy_browsers", Flag),
                    ("browser_extensions", Flag),
                    ("localhost", Flag),
                    ("web_crawlers", Flag),
                    ("health_checks", Flag),
                    ("error_messages", List(&Text)),
                    ("releases", List(&Text)),
                    ("ip_addresses", List(&Text)),
                ]],
            ),
        ),
        (
            "scrub",
            Object(
                "",
                &[&[
                    ("enabled", Flag),
                    ("sensitive_fields", List(&Text)),
                    ("safe_fields", List(&Text)),
                    ("addresses", Flag),
                    ("cards", Flag),
                    ("tokens", Flag),
                    ("emails", Flag),
                ]],
            ),
        ),
        (
            "grouping",
            Object(
                "",
                &[
                    GROUPING_RULES,
                    &[
                        ("auto_update", Flag),
                        ("sentry_hashes", Flag),
                        ("previous", Maybe(&Object("", &[GROUPING_RULES, &[("until", Whole)]]))),
                    ],
                ],
            ),
        ),
        ("bodies_per_hour", Whole),
    ]],
);

pub(in crate::api) const KEY: Shape = Object(
    "ClientKey",
    &[&[
        ("id", Text),
        ("name", Text),
        ("label", Text),
        ("public", Text),
        ("secret", Nothing),
        ("projectId", Whole),
        ("isActive", Flag),
        ("rateLimit", Maybe(&Object("RateLimit", &[&[("window", Whole), ("count", Whole)]]))),
        (
            "dsn",
            Object(
                "Dsn",
                &[&[
                    ("public", Text),
                    ("secret", Text),
                    ("security", Text),
                    ("csp", Text),
                    ("minidump", Text),
                    ("nel", Text),
                    ("unreal", Text),
                    ("crons", Text),
                    ("integration", Text),
                    ("otlp_traces", Text),
                    ("otlp_logs", Text),
                ]],
            ),
        ),
        ("dateCreated", Date),
    ]],
);

const TEAM_FIELDS: Part = &[
    ("id", Text),
    ("slug", Text),
    ("name", Text),
    ("dateCreated", Date),
    ("isMember", Flag),
    ("memberCount", Whole),
    ("hasAccess", Flag),
    ("isPending", Flag),
    ("avatar", Object("", &[&[("avatarType", Text), ("avatarUuid", Maybe(&Text))]])),
];
pub(in crate::api) const TEAM: Shape = Object("Team", &[TEAM_FIELDS]);
pub(in crate::api) const TEAM_WITH_PROJECTS: Shape = Object(
    "TeamWithProjects",
    &[TEAM_FIELDS, &[("projects", List(&PROJECT)), ("organization", ORGANIZATION)]],
);

/// Somebody whom events happened to.
pub(in crate::api) const EVENT_USER: Shape = Object(
    "EventUser",
    &[&[
        ("id", Text),
        ("tagValue", Text),
        ("identifier", Maybe(&Text)),
        ("username", Maybe(&Text)),
        ("email", Maybe(&Text)),
        ("name", Maybe(&Text)),
        ("ipAddress", Maybe(&Text)),
        ("count", Whole),
        ("dateCreated", Date),
        ("lastSeen", Date),
    ]],
);

const PERSON_FIELDS: Part = &[("id", Text), ("name", Text), ("username", Text), ("email", Text)];
pub(in crate::api) const PERSON: Shape = Object("Person", &[PERSON_FIELDS]);
pub(in crate::api) const VIEWER: Shape = Object("Viewer", &[PERSON_FIELDS, &[("lastSeen", Date)]]);

const MEMBER_FIELDS: Part = &[
    ("id", Text),
    ("email", Text),
    ("name", Text),
    ("user", PERSON),
    ("role", Text),
    ("orgRole", Text),
    ("pending", Flag),
    ("expired", Flag),
    ("dateCreated", Date),
    ("teams", List(&Text)),
    ("flags", Map(&Flag)),
];
pub(in crate::api) const MEMBER: Shape = Object("Member", &[MEMBER_FIELDS]);
pub(in crate::api) const NEW_MEMBER: Shape =
    Object("NewMember", &[MEMBER_FIELDS, &[("password", Maybe(&Text))]]);

const TOKEN_FIELDS: Part = &[
    ("id", Text),
    ("name", Text),
    ("scopes", List(&Text)),
    ("tokenLastCharacters", Maybe(&Text)),
    ("dateCreated", Date),
];
pub(in crate::api) const TOKEN: Shape = Object("Token", &[TOKEN_FIELDS]);
pub(in crate::api) const NEW_TOKEN: Shape = Object("NewToken", &[TOKEN_FIELDS, &[("token", Text)]]);

pub(in crate::api) const ROOT: Shape = Object(
    "Caller",
    &[&[("version", Text), ("user", Maybe(&PERSON)), ("auth", Object("", &[&[("scopes", List(&Text))]]))]],
);

pub(in crate::api) const GROUPING_CONFIG: Shape =
    Object("GroupingConfig", &[&[("id", Text), ("changelog", Text), ("latest", Flag), ("hidden", Flag)]]);

pub(in crate::api) const TOMBSTONE: Shape =
    Object("Tombstone", &[&[("id", Text), ("title", Text), ("dateCreated", Date)]]);

const RULE: Shape = Object(
    "MatchedRule",
    &[&[("text", Text), ("built_in?", Flag), ("line?", Whole), ("title?", Maybe(&Text))]],
);

pub(in crate::api) const DRY_RUN: Shape = Object(
    "GroupingTrial",
    &[&[
        (
            "event",
            Maybe(&Object(
                "",
                &[&[
                    ("matchedRule", Maybe(&RULE)),
                    ("title", Text),
                    ("changed", Flag),
                    ("before", super::events::GROUPING_WITH_HASHES),
                    ("after", super::events::GROUPING_WITH_HASHES),
                    ("issueBefore", Maybe(&Text)),
                    ("issueAfter", Maybe(&Text)),
                ]],
            )),
        ),
        (
            "issues",
            Object(
                "",
                &[&[
                    ("examined", Whole),
                    (
                        "matched",
                        List(&Object("", &[&[("issue", Text), ("title", Text), ("matchedRule", RULE)]])),
                    ),
                    ("merged", List(&List(&Text))),
                ]],
            ),
        ),
    ]],
);
