@testable import Migration
import Testing

struct PerlTests {
    private func read(_ text: String) -> [String: PerlValue] {
        Dictionary(PerlAssignments(text).assignments.map { ($0.key, $0.value) }) { $1 }
    }

    @Test(arguments: [
        ("$config{a} = 1;", PerlValue.text("1")), ("$config{'a'} = 0.5;", .text("0.5")),
        ("$config{\"a\"}=-2;", .text("-2")),
        ("$config->{a} = 345_600;", .text("345600")), ("$config{a} = 'it''s';", nil),
        ("$config{a} = 'it\\'s';", .text("it's")),
        ("$config{a} = \"one\\ttwo\\@three\";", .text("one\ttwo@three")), ("$config{a} = \"$config{b}/c\";", nil),
        ("$config{a} = \"a@b\";", nil), ("$config{a} = 'a@b $c';", .text("a@b $c")), ("$config{a} = ();", .list([])),
        ("$config{a} = ('x', \"y\", 3,);", .list(["x", "y", "3"])), ("$config{a} = [ 1, 2 ];", .list(["1", "2"])),
        ("$config{a} = [qw(x y)];", .list(["x", "y"])), ("$config{a} = qw/x y/;", .list(["x", "y"])),
        ("$config{a} = 24*3600;", nil), ("$config{a} = `id`;", nil), ("$config{a} = sub { return 1; };", nil),
        ("$config{a} = undef;", .list([])), ("$config{a} = $ENV{HOME};", nil), ("$config{a} = ('x', $y);", nil),
    ])
    func `a plain value is read, and more is none`(text: String, value: PerlValue?) {
        let read = PerlAssignments(text)
        #expect(read.assignments.map(\.value) == (value.map { [$0] } ?? []))
        #expect(read.riddles.isEmpty == (value != nil))
    }

    @Test func `the members of a hash are read, with their lines`() {
        let read = PerlAssignments(
            """
            # a comment with $config{x} = 1;
            use strict;
            our %config = (
              a => 1,   # one
              'b' => 'two',
              check_user_custom => sub { my ($u, $p) = @_; return "x"; },
              list => [ 'x', 'y' ],
            );

            =pod

            $config{x} = 2;

            =cut

            $config{last} = 'z';
            1;
            """)
        #expect(read.assignments.map(\.key) == ["a", "b", "list", "last"])
        #expect(read.assignments.map(\.line) == [4, 5, 7, 16])
        #expect(read.riddles == [.init(key: "check_user_custom", line: 6)])
    }

    @Test(arguments: [
        "if ($x) { $config{a} = 1; }", "foreach my $k (keys %config) { print $k; }",
        "sub f { $config{a} = 1; return; }",
        "system('rm -rf /');", "$config{a}{b} = 1;", "push @{$config{a}}, 'x';", "$other{a} = 1;",
        "BEGIN { $config{a} = 2 }",
    ])
    func `what is no assignment sets nothing and is named, and what follows is read`(text: String) {
        let read = PerlAssignments("$config{first} = 1;\n\n\(text)\n$config{next} = 2;\n")
        #expect(read.assignments.map(\.key) == ["first", "next"])
        #expect(read.riddles == [.init(key: nil, line: 3)])
    }

    @Test(arguments: [
        "$config{a} = 'never ended", "$config{", "%config = (", "'", "qw(", "=pod", "((((", "))))", "%config = (a",
        "%config = (]", "",
    ])
    func `a file that is no Perl is no end of the world`(text: String) {
        #expect(PerlAssignments(text).assignments.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)), arguments: 1...200)
    func `whatever is in a file is read to its end`(seed: UInt64) {
        var state = seed
        func next(_ bound: Int) -> Int {
            // Knuth's MMIX; the high bits are the good ones.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "%config", "$config", "{", "}", "(", ")", "[", "]", "=", ">", "=>", ",", ";", "'", "\"", "\\", "a", "1",
            "-", "#", "\n",
            "\n=pod\n", "\n=cut\n", "qw", "sub", "if", "@", "undef", "__END", "/", " ",
        ]
        let text = (0..<60).map { _ in pieces[next(pieces.count)] }.joined()
        let read = PerlAssignments(text)
        let lines = text.count { $0.isNewline } + 1
        #expect(read.assignments.allSatisfy { (1...lines).contains($0.line) }, "\(text)")
        #expect(read.riddles.allSatisfy { (1...lines).contains($0.line) }, "\(text)")
    }

    @Test func `what follows the end is data`() {
        #expect(read("$config{a} = 1;\n__END__\n$config{b} = 2;\n") == ["a": .text("1")])
    }

    @Test func `lines of Windows are counted too`() {
        #expect(PerlAssignments("# x\r\n\r\n$config{a} = 1;\r\n").assignments.map(\.line) == [3])
    }
}
