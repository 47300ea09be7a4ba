extension ManualPage {
    /// qwdctl(1), of the tables of its verbs and options.
    static func qwdctl() -> ManualPage {
        var page = ManualPage(Qwdctl.name, 1, "the commands of qemu-web-desktop, done by qwd")
        page.heading("SYNOPSIS")
        page.paragraph("`qwdctl` [verb] [arguments] [--yes]")
        page.heading("DESCRIPTION")
        page.paragraph(
            "The same program as `qwd`, which obeys these verbs when it is called by this name; without a verb it does `status`. "
                + "`--config` and `--set` are understood as qwd(1) says.")
        page.heading("VERBS")
        for verb in QwdctlVerb.allCases {
            let commands = verb.ours.map { "`\($0)`" }.joined(separator: " or ")
            page.item(verb.synopsis, ["Does \(commands). \(verb.note)"])
        }
        page.heading("OPTIONS OF START")
        for option in QwdctlOption.allCases {
            page.item("--\(option.rawValue)=<value>", ["\(option.meaning) It becomes `\(option.ours)`."])
        }
        page.heading("ENVIRONMENT")
        page.item("QWDCTL_YES", ["`1` is `--yes`: nothing is asked."])
        page.heading("EXIT STATUS")
        page.paragraph("As qwd(1). 69 where a verb or an option has no counterpart: the message has the way out.")
        page.seeFamily()
        return page
    }
}
