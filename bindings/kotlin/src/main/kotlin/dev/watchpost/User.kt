package dev.watchpost

/** Who was using the app. [data] takes anything beyond the named fields. */
data class User @JvmOverloads constructor(
    val id: String? = null,
    val email: String? = null,
    val username: String? = null,
    val ipAddress: String? = null,
    val data: Map<String, Any?> = emptyMap(),
)
