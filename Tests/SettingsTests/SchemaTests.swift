import Settings
import Testing

struct SchemaTests {
    @Test func `each property has its key, and each key its own variable`() {
        let sections = Mirror(reflecting: Settings()).children.filter { $0.label != "origins" }
        let properties = sections.flatMap { child -> [String] in
            let isSection = SettingsSchema.keys.contains { $0.section == child.label }
            return isSection ? Mirror(reflecting: child.value).children.compactMap(\.label) : [child.label ?? ""]
        }
        #expect(properties.count == SettingsSchema.keys.count)
        #expect(Set(SettingsSchema.keys.map(\.name)).count == SettingsSchema.keys.count)
        #expect(Set(SettingsSchema.keys.map(\.variable)).count == SettingsSchema.keys.count)
    }

    @Test func `the keys of a section stand together`() {
        var sections: [String] = []
        for key in SettingsSchema.keys where sections.last != key.section { sections.append(key.section) }
        #expect(Set(sections).count == sections.count)
    }

    @Test(arguments: SettingsSchema.keys.map(\.name))
    func `each key can be set by file, variable and flag`(name: String) throws {
        let key = try #require(SettingsSchema.key(named: name))
        let text = key.value(in: Settings())
        let line = key.section.isEmpty ? "\(key.leaf): \(text)" : "\(key.section):\n  \(key.leaf): \(text)"
        let argument = text.replacing("\"", with: "")
        let file = try ConfigurationDirectory(line).load().get()
        let variable = try ConfigurationDirectory().load(environment: [key.variable: argument]).get()
        let flag = try ConfigurationDirectory().load(overrides: ["\(name)=\(argument)"]).get()
        #expect(file == variable)
        #expect(file == flag)
        #expect(key.value(in: file) == text)
        #expect(variable.origins[name] == .environment(variable: key.variable))
        #expect(flag.origins[name] == .flag)
    }

    @Test func `the names of variables follow from the names of keys`() {
        #expect(SettingsSchema.key(variable: "QWD_STATE_DIR")?.name == "state_dir")
        #expect(SettingsSchema.key(variable: "QWD_FRONTEND_PUBLIC_URL")?.name == "frontend.public_url")
    }
}
