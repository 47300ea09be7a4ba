import Settings
import Testing

struct SchemaTests {
    @Test func `each property has its key, and each key its own variable`() {
        func properties(of value: Any, in section: String) -> [String] {
            Mirror(reflecting: value).children.flatMap { child -> [String] in
                let name = section + (child.label ?? "")
                let isSection = SettingsSchema.keys.contains { $0.name.hasPrefix(name + ".") }
                return isSection ? properties(of: child.value, in: name + ".") : [name]
            }
        }
        #expect(properties(of: Settings(), in: "").filter { $0 != "origins" }.count == SettingsSchema.keys.count)
        #expect(Set(SettingsSchema.keys.map(\.name)).count == SettingsSchema.keys.count)
        #expect(Set(SettingsSchema.keys.map(\.variable)).count == SettingsSchema.keys.count)
    }

    @Test func `the keys of a section stand together`() {
        var sections: [String] = []
        for key in SettingsSchema.keys where sections.last != key.section { sections.append(key.section) }
        #expect(Set(sections).count == sections.count)
    }

    @Test func `no key has the name of a section`() {
        for key in SettingsSchema.keys {
            #expect(!SettingsSchema.keys.contains { $0.name.hasPrefix(key.name + ".") })
        }
    }

    @Test(arguments: SettingsSchema.keys.map(\.name))
    func `each key can be set by file, variable and flag`(name: String) throws {
        let key = try #require(SettingsSchema.key(named: name))
        let text = key.value(in: Settings())
        let line = name.split(separator: ".").reversed().reduce(text) { "{ \($1): \($0) }" }
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
        #expect(SettingsSchema.key(variable: "QWD_AUTH_LDAP_START_TLS")?.name == "auth.ldap.start_tls")
    }
}
