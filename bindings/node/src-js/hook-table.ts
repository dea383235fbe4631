/** The options that are functions: the number by which the addon calls each, and how one looks. @internal */
export const HOOKS = {
  beforeSend: { number: 1, example: "(event, hint) => event" },
  beforeBreadcrumb: { number: 2, example: "(breadcrumb, hint) => breadcrumb" },
  tracesSampler: { number: 3, example: "(context) => 0.25" },
  beforeSendTransaction: { number: 4, example: "(event, hint) => event" },
  beforeSendSpan: { number: 5, example: "(span) => span" },
  beforeSendLog: { number: 6, example: "(log) => log" },
  beforeSendMetric: { number: 7, example: "(metric) => metric" },
  beforeSendCheckIn: { number: 8, example: "(checkIn) => checkIn" },
  beforeSendFeedback: { number: 9, example: "(event, hint) => event" },
  errorSampler: { number: 10, example: "(event, hint) => 0.25" },
} as const;

/** The number of the scopes' event processors, which are no option. @internal */
export const PROCESSORS = 0;
