package dev.watchpost

/** How bad an event or a breadcrumb is. */
enum class Level {
    DEBUG,
    INFO,
    WARNING,
    ERROR,
    FATAL,
    ;

    /** The name on the wire, such as `warning`. */
    val wire: String = name.lowercase()
}
