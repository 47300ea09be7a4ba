import Foundation
import Settings
import Testing

/// The file that `qwd config show --defaults` prints.
struct TemplateTests {
    private let host = HostEnvironment(userID: 0, environment: [:], hostName: "desk1", defaultFile: "/nowhere/qwd.yaml")
    private var template: String { Settings.template(hostEnvironment: host) }

    @Test func `it is a configuration that sets nothing`() throws {
        #expect(try ConfigurationDirectory(template).load().get() == ConfigurationDirectory().load().get())
    }

    @Test func `with the sign before the keys removed it sets every key to its default`() throws {
        let file = template.replacing(/(?m)^( *)#(?=[a-z_])/) { $0.1 }
        let (loaded, defaults) = (
            try ConfigurationDirectory(file).load().get(), try ConfigurationDirectory().load().get()
        )
        for key in SettingsSchema.keys {
            #expect(loaded.origins[key.name] != .builtIn, "\(key.name) is not set")
            #expect(key.value(in: loaded) == key.value(in: defaults), "\(key.name)")
        }
    }

    @Test(arguments: SettingsSchema.keys.map(\.name))
    func `each key can be set alone`(name: String) throws {
        let key = try #require(SettingsSchema.key(named: name))
        var lines = template.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var sections: [String] = []
        for index in lines.indices {
            let depth = lines[index].prefix { $0 == " " }.count / 2
            let word = lines[index].drop { $0 == " " }
            if word.hasSuffix(":"), !word.hasPrefix("#") {
                sections = sections.prefix(depth) + [String(word.dropLast())]
            }
            let path = (sections.prefix(depth) + [key.leaf]).joined(separator: ".")
            if path == name, word.hasPrefix("#\(key.leaf): ") {
                lines[index].replace("#\(key.leaf): ", with: "\(key.leaf): ", maxReplacements: 1)
            }
        }
        let loaded = try ConfigurationDirectory(lines.joined(separator: "\n")).load().get()
        #expect(SettingsSchema.keys.filter { loaded.origins[$0.name] != .builtIn }.map(\.name) == [name])
    }

    @Test func `it has the meaning of each key`() {
        let words = template.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "#" } }.joined(separator: " ")
        for key in SettingsSchema.keys {
            #expect(words.contains(key.meaning.split(separator: " ").joined(separator: " ")), "\(key.name)")
        }
    }

    @Test func `no line is long`() {
        #expect(template.split(separator: "\n").filter { $0.count > 180 && !$0.contains("[") } == [])
    }
}
