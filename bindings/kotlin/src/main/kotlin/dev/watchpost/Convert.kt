package dev.watchpost

import dev.watchpost.ffi.BreadcrumbHook
import dev.watchpost.ffi.EventHook
import dev.watchpost.ffi.Hooks
import dev.watchpost.ffi.HookException
import dev.watchpost.ffi.HostBreadcrumb
import dev.watchpost.ffi.HostLevel
import dev.watchpost.ffi.HostSettings
import dev.watchpost.ffi.HostUser

internal fun toNative(level: Level): HostLevel = HostLevel.valueOf(level.name)

internal fun toNative(user: User) = HostUser(
    id = user.id,
    username = user.username,
    email = user.email,
    ipAddress = user.ipAddress,
    dataJson = objectText(user.data),
)

internal fun toNative(crumb: Breadcrumb) = HostBreadcrumb(
    timestamp = crumb.timestamp,
    kind = crumb.type,
    category = crumb.category,
    text = crumb.message,
    level = crumb.level?.let(::toNative),
    origin = crumb.origin,
    dataJson = objectText(crumb.data),
)

internal fun toNative(options: Options) = HostSettings(
    dsn = options.dsn,
    release = options.release,
    environment = options.environment,
    dist = options.dist,
    serverName = options.serverName,
    sampleRate = options.sampleRate,
    maxBreadcrumbs = options.maxBreadcrumbs?.toLong(),
    attachStacktrace = options.attachStacktrace,
    sendDefaultPii = options.sendDefaultPii,
    sendClientReports = options.sendClientReports,
    shutdownTimeoutMs = options.shutdownTimeoutMillis,
    storageDir = options.storageDir,
    spool = options.spool,
    inAppInclude = options.inAppInclude.ifEmpty { null },
    inAppExclude = options.inAppExclude.ifEmpty { null },
    ignoreErrors = options.ignoreErrors.ifEmpty { null },
    debug = options.debug,
)

internal fun hooksOf(options: Options) = Hooks(
    beforeSend = options.beforeSend?.let(::eventHook),
    beforeBreadcrumb = options.beforeBreadcrumb?.let(::breadcrumbHook),
)

internal fun eventHook(function: (MutableMap<String, Any?>) -> Map<String, Any?>?) = object : EventHook {
    override fun onEvent(eventJson: String): String? = hooked {
        @Suppress("UNCHECKED_CAST")
        val event = Json.decode(eventJson) as MutableMap<String, Any?>
        function(event)?.let(Json::encode)
    }
}

private fun breadcrumbHook(function: (Breadcrumb) -> Breadcrumb?) = object : BreadcrumbHook {
    override fun onBreadcrumb(breadcrumb: HostBreadcrumb): HostBreadcrumb? = hooked {
        function(fromNative(breadcrumb))?.let(::toNative)
    }
}

@Suppress("UNCHECKED_CAST")
private fun fromNative(crumb: HostBreadcrumb) = Breadcrumb(
    message = crumb.text,
    category = crumb.category,
    level = crumb.level?.let { Level.valueOf(it.name) },
    type = crumb.kind,
    data = crumb.dataJson?.let { Json.decode(it) as Map<String, Any?> } ?: emptyMap(),
    timestamp = crumb.timestamp,
    origin = crumb.origin,
)

// Whatever the application throws, an Error too, stays on its side of the boundary as a failed hook.
private inline fun <T> hooked(block: () -> T): T =
    try {
        block()
    } catch (failure: Throwable) {
        throw HookException.Failed(failure.toString())
    }

private fun objectText(data: Map<String, Any?>): String? = if (data.isEmpty()) null else Json.encode(data)
