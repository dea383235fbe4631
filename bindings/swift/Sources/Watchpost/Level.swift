/// How bad an event or a breadcrumb is.
public enum Level: String, Sendable {
    case debug, info, warning, error, fatal
}
