// swift-tools-version:6.2
import PackageDescription

/// What every target of qwd is compiled with. Warnings are errors: a newcomer never meets a noisy build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let logging = product(name: "Logging", package: "swift-log")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let yams = product(name: "Yams", package: "Yams")
}

/// Files beside the sources that are for readers alone. Each target of ours in `Sources` has them.
let documents = ["README.md"]

extension Target {
    static func library(
        _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
    ) -> Target {
        .target(
            name: name, dependencies: dependencies, exclude: documents, resources: resources, swiftSettings: strict)
    }

    static func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(name: name, dependencies: dependencies, exclude: documents, swiftSettings: strict)
    }

    static func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
        .testTarget(name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
    }
}

let package = Package(
    name: "qwd",
    products: [
        .executable(name: "qwd", targets: ["qwd"]),
        .executable(name: "qwd-bench", targets: ["qwd-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // C libraries and system calls.
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CQREncode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CLDAP", providers: [.apt(["libldap-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPAM", providers: [.apt(["libpam0g-dev"])]),

        // Values and decisions.
        .library("Domain"),
        .library("Settings", ["Domain", .yams]),
        .library("Secrets", ["COpenSSL", "Domain"]),
        .library("Migration", ["Catalogue", "Settings"]),

        // Who people are, and who did what.
        .library("Accounts", ["Domain", "Processes", "Secrets", "CCurl", "CLDAP", "CLinux", "CPAM"]),
        .library("Ledger", ["Domain", .grdb]),

        // Wires.
        .library("Redis", ["CHiredis", .nioCore, .nioPosix, .nioSSL, .logging, .serviceLifecycle]),
        .library(
            "Queue", ["Domain", "Redis", .logging, .serviceLifecycle],
            resources: [.embedInCode("Parts"), .embedInCode("Scripts")]),
        .library("Logins", ["Domain", "Redis", "Secrets"], resources: [.embedInCode("Scripts")]),
        .library("QMP", ["Domain", .nioCore, .nioPosix, .logging]),
        .library("Certificates", [.nioSSL]),
        .library(
            "DisplayGateway",
            ["Certificates", "Domain", "Secrets", .nioCore, .nioPosix, .nioSSL, .nioWebSocket, .logging]),

        // Machines.
        .library("Processes", ["CLinux", .subprocess, .systemPackage]),
        .library("GraphicsCards", ["Domain", "Processes"]),
        .library("TrafficShaper"),
        .library("FileDoor", ["CLinux", "Processes"]),
        .library("Machines", ["Domain", "Processes"]),
        .library("Catalogue", ["Domain", "Processes"]),
        .library("ImageStore", ["CCurl", "COpenSSL", "Catalogue", "Domain", "Processes"]),
        .library("GuestNetwork", ["CLinux", "Domain", "Machines", "Processes", .logging]),
        .library(
            "Hypervisor",
            [
                "Catalogue", "Domain", "GraphicsCards", "GuestNetwork", "Machines", "Processes", "QMP", "Viewer",
                .subprocess,
                .systemPackage, .logging,
            ]),
        .library(
            "Display", ["Certificates", "Domain", "Machines", "Processes", .nioCore, .nioPosix, .logging]),
        .library(
            "ImageBuilder", ["Processes", .subprocess, .systemPackage], resources: [.embedInCode("Guest")]),

        // Roles.
        .library(
            "Frontend",
            [
                "Certificates", "Domain", "Queue", "Redis", "Secrets", "Accounts", "Logins", "CQREncode", "CZlib",
                .hummingbird,
                .hummingbirdCore, .httpTypes,
                .nioCore, .nioHTTP1, .nioSSL, .mustache, .logging, .serviceLifecycle, .unixSignals,
            ],
            resources: [.embedInCode("Resources")]),
        .library(
            "Worker",
            [
                "Catalogue", "Display", "Domain", "FileDoor", "Hypervisor", "ImageStore", "Machines", "Processes",
                "Queue", "Secrets",
                .logging, .serviceLifecycle,
            ]),
        .library("Scheduler", ["Domain", "Queue", "Ledger", .logging, .serviceLifecycle]),

        .executable(
            "qwd",
            [
                "Domain", "Settings", "Migration", "Redis", "Queue", "Secrets", "Processes", "QMP", "Catalogue",
                "Display",
                "GuestNetwork",
                "Hypervisor", "Machines", "ImageBuilder", "ImageStore",
                "Accounts", "Logins", "Ledger", "Frontend",
                "Worker", "Scheduler", "Certificates", "DisplayGateway", "GraphicsCards",
                "TrafficShaper", "FileDoor", "Viewer",
                .argumentParser, .logging, .serviceLifecycle, .unixSignals,
            ]),

        // Measuring.
        .library("Viewer", ["Domain", "CCurl"]),
        .executable(
            "qwd-bench",
            [
                "CLinux",
                "Domain", "Redis", "Queue", "QMP", "Processes", "Catalogue", "Display", "GuestNetwork", "Hypervisor",
                "Machines", "Secrets", "Viewer", "TestSupport", .logging,
            ]),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["CLinux", "Domain", "Processes", "Redis", "Queue", .subprocess, .systemPackage, .logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        .tests("Domain"),
        .tests("Settings", ["Domain"]),
        .tests("Migration", ["Domain", "Settings"]),
        .testTarget(
            name: "AccountsTests", dependencies: ["Accounts", "Domain"], exclude: ["Servers"], swiftSettings: strict),
        .tests("Secrets", ["Domain"]),
        .tests("Ledger", ["Domain"]),
        .tests("Logins", ["Domain", "Redis", "TestSupport", .logging]),
        .tests("Redis", ["TestSupport", .nioCore, .logging, .serviceLifecycle]),
        .tests("Queue", ["Domain", "Redis", "TestSupport", .logging]),
        .tests("QMP", [.nioCore, .nioPosix, .logging]),
        .tests(
            "DisplayGateway", ["Certificates", "Domain", "Processes", .nioPosix, .logging]),
        .tests("Processes"),
        .tests("TrafficShaper"),
        .tests("FileDoor", ["Processes"]),
        .tests("GraphicsCards", ["Processes"]),
        .tests(
            "Machines",
            [
                "qwd", "Catalogue", "Display", "GuestNetwork", "Hypervisor", "ImageStore", "Certificates", "Domain",
                "QMP",
                "GraphicsCards", "Processes", "Settings", "TestSupport", "Viewer", .logging,
            ]),
        .tests("ImageBuilder", ["Processes"]),
        .tests(
            "Frontend",
            [
                "Accounts", "Certificates", "Logins", "Domain", "Redis", "Queue", "Secrets", "TestSupport",
                .hummingbird,
                .nioCore,
                .nioPosix, .logging,
                .serviceLifecycle,
            ]),
        .tests(
            "Worker",
            [
                "Catalogue", "Display", "Hypervisor", "ImageStore", "Secrets", "Domain", "Machines", "Processes",
                "Queue", "Redis",
                "TestSupport", .logging,
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "qwd", "Domain", "Ledger", "Machines", "Processes", "Queue", "Redis", "TestSupport", "Viewer", .logging,
            ],
            exclude: ["Browser"], swiftSettings: strict),
        .tests("Scheduler", ["Domain", "Ledger", "Queue", "Redis", "TestSupport", .logging]),
        .tests("Viewer", ["qwd", "TestSupport"]),
    ]
)
