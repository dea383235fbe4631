package dev.watchpost

/**
 * Something that happened before an event. All fields are optional; [timestamp] is seconds since 1970 and defaults to now;
 * [origin] is what made it, if not the app.
 */
data class Breadcrumb @JvmOverloads constructor(
    val message: String? = null,
    val category: String? = null,
    val level: Level? = null,
    val type: String? = null,
    val data: Map<String, Any?> = emptyMap(),
    val timestamp: Double? = null,
    val origin: String? = null,
)
