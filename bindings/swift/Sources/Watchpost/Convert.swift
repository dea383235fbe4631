internal import WatchpostBinding

extension Level {
    var native: HostLevel {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .fatal: .fatal
        }
    }

    init(_ native: HostLevel) {
        self =
            switch native {
            case .debug: .debug
            case .info: .info
            case .warning: .warning
            case .error: .error
            case .fatal: .fatal
            }
    }
}

extension User {
    var native: HostUser {
        HostUser(id: id, username: username, email: email, ipAddress: ipAddress, dataJson: objectText(data))
    }
}

extension Breadcrumb {
    var native: HostBreadcrumb {
        HostBreadcrumb(
            timestamp: timestamp, kind: type, category: category, text: message, level: level?.native, origin: origin,
            dataJson: objectText(data))
    }

    init(_ native: HostBreadcrumb) throws {
        self.init(
            message: native.text, category: native.category, level: native.level.map(Level.init), type: native.kind,
            data: try native.dataJson.map { try JSON(parsing: $0).object ?? [:] } ?? [:],
            timestamp: native.timestamp, origin: native.origin)
    }
}

extension Options {
    var native: HostSettings {
        HostSettings(
            dsn: dsn, release: release, environment: environment, dist: dist, serverName: serverName,
            sampleRate: sampleRate, maxBreadcrumbs: maxBreadcrumbs.map(Int64.init), attachStacktrace: attachStacktrace,
            sendDefaultPii: sendDefaultPii, sendClientReports: sendClientReports,
            shutdownTimeoutMs: shutdownTimeoutMillis.map(Int64.init), storageDir: storageDir, spool: spool,
            inAppInclude: inAppInclude.isEmpty ? nil : inAppInclude,
            inAppExclude: inAppExclude.isEmpty ? nil : inAppExclude,
            ignoreErrors: ignoreErrors.isEmpty ? nil : ignoreErrors, debug: debug)
    }

    var hooks: Hooks {
        Hooks(beforeSend: beforeSend.map(EventFunction.init), beforeBreadcrumb: beforeBreadcrumb.map(BreadcrumbFunction.init))
    }
}

/// The app's function behind the native hook: whatever it throws becomes a failed hook.
final class EventFunction: EventHook {
    private let function: @Sendable (Event) throws -> Event?

    init(_ function: @escaping @Sendable (Event) throws -> Event?) { self.function = function }

    func onEvent(eventJson: String) throws -> String? {
        try hooked { try function(JSON(parsing: eventJson).object ?? [:]).map { JSON.object($0).text } }
    }
}

final class BreadcrumbFunction: BreadcrumbHook {
    private let function: @Sendable (Breadcrumb) throws -> Breadcrumb?

    init(_ function: @escaping @Sendable (Breadcrumb) throws -> Breadcrumb?) { self.function = function }

    func onBreadcrumb(breadcrumb: HostBreadcrumb) throws -> HostBreadcrumb? {
        try hooked { try function(Breadcrumb(breadcrumb))?.native }
    }
}

private func hooked<T>(_ block: () throws -> T) throws -> T {
    do { return try block() } catch { throw HookError.Failed(reason: "\(error)") }
}

private func objectText(_ data: [String: JSON]) -> String? { data.isEmpty ? nil : JSON.object(data).text }
