package dev.watchpost

import dev.watchpost.ffi.Identity
import java.io.File

/** What is known about the machine and the runtime without being told. */
internal object Host {
    fun identity(options: Options) = Identity(
        sdkName = "watchpost.kotlin",
        `package` = "maven:dev.watchpost:watchpost",
        integrations = if (options.uncaughtExceptionHandler) listOf("uncaught_exception_handler") else emptyList(),
        platform = "java",
        serverName = name(),
        contextsJson = Json.encode(contexts()),
    )

    private fun contexts() = mapOf(
        "runtime" to mapOf("name" to property("java.runtime.name"), "version" to property("java.version")),
        "os" to mapOf("name" to property("os.name"), "version" to property("os.version")),
        "device" to mapOf("arch" to property("os.arch")),
    )

    private fun property(name: String): String? = try { System.getProperty(name) } catch (_: SecurityException) { null }

    // InetAddress.getLocalHost would ask a name server, and init must not wait for one.
    private fun name(): String? = try {
        System.getenv("HOSTNAME") ?: File("/proc/sys/kernel/hostname").readText().trim().ifEmpty { null }
    } catch (_: Exception) {
        null
    }
}
