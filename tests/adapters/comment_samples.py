"""Sources of many languages, each with traps: markers that are in no comment.

Every TODO that is to be found says `yes`, every trap says `no`.
"""
# ruff: noqa: E501 — one sample a line reads better than any wrapping of it

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """One source text."""

    name: str
    language: str
    """The VS Code language id."""
    source: str


SAMPLES = (
    Sample("a.py", "python", '"""TODO: no"""\nx = "# TODO: no" # TODO: yes\ny = f\'\'\'\n# TODO: no\n\'\'\'\nTODO = 1  # TODO yes\nz = "it\\"s # TODO: no"\n'),
    Sample("a.pyi", "python", "def f(): ...  # TODO: yes\n"),
    Sample("a.js", "javascript", "let a = '// TODO: no', b = /\\/\\/ TODO: no/, c = `// TODO: no ${ 1 /* TODO: yes */ } // TODO: no`;\n// TODO: yes\n/** TODO: yes */\nlet d = a / 2 // TODO: yes\n"),
    Sample("a.jsx", "javascriptreact", "const A = () => <p title='// TODO: no'>http://x TODO: no {/* TODO: yes */}</p>;\n"),
    Sample("a.ts", "typescript", "type T = '// TODO: no';\n/* TODO: yes */ const f = (a: number) => a / 2; // TODO: yes\n"),
    Sample("a.tsx", "typescriptreact", "// TODO: yes\nconst s = `a ${`b ${'}'} // TODO: no`} /* TODO: no */`; // TODO: yes\n"),
    Sample("a.java", "java", 'String s = """\n// TODO: no\n"""; char c = \'"\'; // TODO: yes\n/* TODO: yes */ String t = "/* TODO: no";\n'),
    Sample("a.c", "c", '#include <x>\nchar *s = "// TODO: no"; /* TODO: yes */\n// TODO: yes \\\n   more\nint n = 1\'000; // TODO: yes\n'),
    Sample("a.cpp", "cpp", 'auto s = R"x(// TODO: no)" /* TODO: no */)x"; // TODO: yes\nauto c = \'"\'; // TODO: yes\n'),
    Sample("a.h", "cpp", "/* TODO: yes */\n"),
    Sample("a.cs", "csharp", 'var a = @"c:\\"; // TODO: yes\nvar b = $"{x} // TODO: no"; var c = """\n// TODO: no\n""";\n#region TODO: no\n/// TODO: yes\n'),
    Sample("a.go", "go", "s := `// TODO: no`\nr := '\"' // TODO: yes\n/* TODO: yes */\n"),
    Sample("a.rs", "rust", "let s = r#\"// TODO: no\" // TODO: no\"#; fn f<'a>(x: &'a str) {} // TODO: yes\n/* a /* b */ TODO: yes */\nlet c = '\"'; // TODO: yes\n"),
    Sample("a.kt", "kotlin", 'val s = """// TODO: no"""\n/* /* */ TODO: yes */ val c = \'"\' // TODO: yes\n'),
    Sample("a.swift", "swift", 'let s = #"// TODO: no"#\nlet t = """\n// TODO: no\n"""\n/* /* */ TODO: yes */ // TODO: yes\n'),
    Sample("a.scala", "scala", 'val s = """// TODO: no"""\n// TODO: yes\n'),
    Sample("a.dart", "dart", "var s = r'// TODO: no\\'; // TODO: yes\nvar t = '''// TODO: no''';\n"),
    Sample("a.php", "php", "<p># TODO: no</p><!-- TODO: yes -->\n<?php\n$a = '// TODO: no'; # TODO: yes\n#[TODO(no)]\n$b = <<<EOT\n// TODO: no\nEOT;\n// TODO: yes ?> TODO: no\n"),
    Sample("a.rb", "ruby", 'a = "# TODO: no" # TODO: yes\nb = <<~EOT\n  # TODO: no\nEOT\n=begin\nTODO: yes\n=end\nc = %w[# TODO: no]\nd = /# TODO: no/\ne = "#{a} # TODO: no"\n__END__\n# TODO: no\n'),
    Sample("a.pl", "perl", "my $n = $#a; # TODO: yes\n=pod\n\nTODO: no\n\n=cut\nmy $s = q{# TODO: no}; s/# TODO: no/x/;\nprint <<EOT;\n# TODO: no\nEOT\n"),
    Sample("a.lua", "lua", "s = [[ -- TODO: no ]] -- TODO: yes\n--[==[ TODO: yes\n]] ]==] t = '-- TODO: no'\n"),
    Sample("a.sh", "shellscript", "#!/bin/sh\necho \"# TODO: no\" '# TODO: no' $# a#b # TODO: yes\ncat <<'EOF'\n# TODO: no\nEOF\nx=${a#b} # TODO: yes\n"),
    Sample("deploy", "shellscript", "#!/usr/bin/env bash\n# TODO: yes\n"),
    Sample("a.ps1", "powershell", '$a = "# TODO: no" # TODO: yes\n<# TODO: yes #>\n$b = @"\n# TODO: no\n"@\n'),
    Sample("a.bat", "bat", "rem TODO: yes\necho TODO: no\n:: TODO: yes\n@REM TODO: yes\n"),
    Sample("Makefile", "makefile", "all: # TODO: yes\n\techo \\# TODO: no\n"),
    Sample("CMakeLists.txt", "cmake", 'set(A "# TODO: no") # TODO: yes\n#[[ TODO: yes ]]\nset(B [[# TODO: no]])\n'),
    Sample("Dockerfile", "dockerfile", "FROM x\n# TODO: yes\nRUN echo '# TODO: no'\n"),
    Sample("a.yml", "yaml", "a: 'it''s # TODO: no' # TODO: yes\nrun: |\n  # TODO: no\n  x\nb: don't # TODO: yes\nc: a#TODO: no\n"),
    Sample("a.toml", "toml", "a = '# TODO: no' # TODO: yes\nb = '''\n# TODO: no\n'''\n"),
    Sample("a.ini", "ini", "[x]\n; TODO: yes\na = b;TODO: no\n# TODO: yes\n"),
    Sample("a.properties", "properties", "! TODO: yes\n# TODO: yes\na = # TODO: no\n"),
    Sample("a.json", "json", '{"a": "// TODO: no"}\n'),
    Sample("a.jsonc", "jsonc", '{"a": "// TODO: no", /* TODO: yes */ "b": 1} // TODO: yes\n'),
    Sample("a.html", "html", "<p>TODO: no // TODO: no</p><!-- TODO: yes -->\n<script>// TODO: yes\nlet a = '<!-- TODO: no';</script><style>/* TODO: yes */</style>\n"),
    Sample("a.vue", "vue", "<template><!-- TODO: yes --><p>// TODO: no</p></template>\n<script lang='ts'>\n// TODO: yes\n</script>\n<style lang='scss'>\n// TODO: yes\n</style>\n"),
    Sample("a.svelte", "svelte", "<script>\n  let a = 1; // TODO: yes\n</script>\n<p>TODO: no</p>\n"),
    Sample("a.xml", "xml", "<a><!-- TODO: yes --><![CDATA[<!-- TODO: no -->]]>TODO: no</a>\n"),
    Sample("a.md", "markdown", "TODO: no\n# TODO: no\n<!-- TODO: yes -->\n```\n<!-- TODO: no -->\n```\n`<!-- TODO: no -->`\n"),
    Sample("a.mdx", "mdx", "TODO: no\n{/* TODO: yes */}\n"),
    Sample("a.rst", "restructuredtext", ".. TODO: yes\n\nTODO: no\n\n.. note:: TODO: no\n"),
    Sample("a.css", "css", "a { background: url(//x/TODO:no); content: '/* TODO: no */' } /* TODO: yes */\n// TODO: no\n"),
    Sample("a.scss", "scss", "a { b: url(http://x) } // TODO: yes\n/* TODO: yes */\n"),
    Sample("a.less", "less", "// TODO: yes\n"),
    Sample("a.sql", "sql", "select '-- TODO: no', 'it''s' -- TODO: yes\n/* TODO: yes */ from \"-- TODO: no\"\n"),
    Sample("a.hs", "haskell", 'f\' = "-- TODO: no" -- TODO: yes\n{- {- -} TODO: yes -}\nx --> TODO\ny = \'"\' -- TODO: yes\n'),
    Sample("a.ml", "ocaml", 'let s = "(* TODO: no *)" (* (* *) TODO: yes *) let c = \'"\' (* TODO: yes *)\n'),
    Sample("a.fs", "fsharp", 'let s = "// TODO: no" // TODO: yes\n(* TODO: yes *) let m = (*)\n'),
    Sample("a.ex", "elixir", '@doc """\n# TODO: no\n"""\ns = ~s(# TODO: no) # TODO: yes\nc = ?# # TODO: yes\n'),
    Sample("a.erl", "erlang", 'S = "% TODO: no", C = $%, % TODO: yes\n'),
    Sample("a.clj", "clojure", '(str "; TODO: no" \\; ) ; TODO: yes\n'),
    Sample("a.el", "lisp", '(message "; TODO: no") ;; TODO: yes\n'),
    Sample("a.rkt", "racket", "#| #| |# TODO: yes |# ; TODO: yes\n"),
    Sample("a.r", "r", 'x <- "# TODO: no" # TODO: yes\n'),
    Sample("a.jl", "julia", 's = "# TODO: no" # TODO: yes\n#= #= =# TODO: yes =#\nt = """\n# TODO: no\n"""; u = a\' # TODO: yes\n'),
    Sample("a.m", "matlab", "s = '% TODO: no'; t = a'; % TODO: yes\n%{\nTODO: yes\n%}\n"),
    Sample("b.m", "objective-c", '#import <X.h>\nNSString *s = @"// TODO: no"; // TODO: yes\n'),
    Sample("a.f90", "fortran-modern", "s = '! TODO: no' ! TODO: yes\n"),
    Sample("a.pas", "pascal", "s := '{ TODO: no }'; { TODO: yes } (* TODO: yes *) // TODO: yes\n"),
    Sample("a.adb", "ada", 'S := "-- TODO: no"; -- TODO: yes\n'),
    Sample("a.vhd", "vhdl", "a <= '1'; -- TODO: yes\n"),
    Sample("a.sv", "systemverilog", 'x = "// TODO: no"; // TODO: yes\n'),
    Sample("a.v", "verilog", "// TODO: yes\n"),
    Sample("a.vb", "vb", "s = \"' TODO: no\" ' TODO: yes\nREM TODO: yes\n'TODO: yes\n"),
    Sample("a.nim", "nim", 's = "# TODO: no" # TODO: yes\n#[ #[ ]# TODO: yes ]#\n'),
    Sample("a.zig", "zig", 'const s =\n    \\\\// TODO: no\n; // TODO: yes\n'),
    Sample("a.d", "d", 'auto s = `// TODO: no`; /+ /+ +/ TODO: yes +/ // TODO: yes\n'),
    Sample("a.proto", "proto3", 'string a = 1; // TODO: yes\n'),
    Sample("a.graphql", "graphql", '"""\n# TODO: no\n"""\ntype A { b: C } # TODO: yes\n'),
    Sample("a.tf", "terraform", 'a = "# TODO: no" # TODO: yes\nb = <<EOT\n# TODO: no\nEOT\n// TODO: yes\n'),
    Sample("a.nix", "nix", "a = ''\n# TODO: no\n''; # TODO: yes\n/* TODO: yes */\n"),
    Sample("a.sol", "solidity", 'string s = "// TODO: no"; // TODO: yes\n'),
    Sample("a.groovy", "groovy", "def s = '''// TODO: no''' // TODO: yes\n"),
    Sample("Jenkinsfile", "groovy", "// TODO: yes\n"),
    Sample("a.tex", "latex", "100\\% TODO: no % TODO: yes\n\\begin{verbatim}\n% TODO: no\n\\end{verbatim}\n"),
    Sample("a.vim", "vimscript", 'let s = \'" TODO: no\'\n" TODO: yes\nset x " TODO: yes\n'),
    Sample("a.tcl", "tcl", 'puts "# TODO: no" ;# TODO: yes\n# TODO: yes\n'),
    Sample("a.hbs", "handlebars", "{{!-- TODO: yes --}}<p>TODO: no</p>{{! TODO: yes }}\n"),
    Sample("a.j2", "jinja", "{# TODO: yes #}{{ 'TODO: no' }}\n"),
    Sample("a.erb", "erb", "<%# TODO: yes %><p>TODO: no</p>\n"),
    Sample("a.cshtml", "razor", "@* TODO: yes *@<p>TODO: no</p>\n"),
    Sample("a.gd", "gdscript", 'var s = "# TODO: no" # TODO: yes\n'),
    Sample("a.asm", "asm", "mov eax, ';' ; TODO: yes\n"),
    Sample("a.cob", "cobol", "000100* TODO: yes\n"),
    Sample("configure.ac", "m4", "dnl TODO: yes\n# TODO: yes\nAC_INIT(TODO)\n"),
    Sample("a.inc", "cpp", "// TODO: yes\n"),
    Sample("b.inc", "php", "<?php # TODO: yes\n"),
    Sample("a.txt", "plaintext", "TODO: no\n# TODO: no\n"),
    Sample("a.diff", "diff", "+# TODO: no\n"),
    Sample("a.smali", "smali", 'const-string v0, "# TODO: no" # TODO: yes\n'),
    Sample("a.pony", "pony", 'let s = "// TODO: no" // TODO: yes\n'),
    Sample("unknown.zzz", "", "# TODO: no\n"),
)  # fmt: skip
