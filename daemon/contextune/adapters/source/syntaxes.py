"""How each language writes comments and strings, as regular expressions for `adapters.source.comments`.

A syntax is a list of pieces in the order in which they are tried at each place of a text. What no piece
matches is code. Strings are listed so that comment signs in them are not taken for comments, and the other
way round. Regular expressions are compiled with DOTALL and MULTILINE.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

# Strings. Where a string may not span lines, an open one ends with its line, as an editor shows it.
DQ = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?'
SQ = r"'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?"
DQ_LINES = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)'
SQ_LINES = r"'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|\Z)"
SQ_RAW = r"'[^']*+(?:'|\Z)"
DQ_DOUBLED = r'"[^"\n]*+(?:""[^"\n]*+)*+"?'
SQ_DOUBLED = r"'[^'\n]*+(?:''[^'\n]*+)*+'?"
SQ_DOUBLED_LINES = r"'[^']*+(?:''[^']*+)*+(?:'|\Z)"
TRIPLE_DQ = r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+(?:"""|\Z)'
TRIPLE_SQ = r"'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+(?:'''|\Z)"
TRIPLE_RAW = r'"""[^"]*+(?:"(?!"")[^"]*+)*+(?:"""|\Z)'
BACKTICK = r"`[^`]*+(?:`|\Z)"
CHAR = r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'"
CHAR_APART = r"'(?<!\w')(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'"
HEREDOC = (
    r"<<[-~]?[ \t]*(?P<quote>[\"'`]?)\\?(?P<word>[A-Za-z_]\w*)(?P=quote)[^\n]*\n"
    r".*?(?:^[ \t]*(?P=word)$|\Z)"
)

# Comments.
SLASHES = r"//[^\n]*"
C_LINE = r"//[^\n\\]*+(?:\\.[^\n\\]*+)*+"
C_BLOCK = r"/\*.*?(?:\*/|\Z)"
HASH = r"\#[^\n]*"
HASH_WORD = r"\#(?<![^\s;|&()<>{]\#)[^\n]*"
DASHES = r"--[^\n]*"
PERCENT = r"%[^\n]*"
SEMICOLON = r";[^\n]*"
XML = r"<!--.*?(?:-->|\Z)"


class Syntax(NamedTuple):
    """The pieces of a language, each a regular expression."""

    strings: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    nested: tuple[tuple[str, str], ...] = ()
    """Signs that open and close blocks which may hold blocks of their own."""
    first: bool = True
    """Whether strings are tried before comments."""


_SHELL_SKIP = (r"\\.", r"\$'(?:[^'\\]|\\.)*'", r"\$\#", r"\$\{[^}\n]{0,200}\}", r"<<<")
_C_STRINGS = (
    r'"(?<=R")(?P<delimiter>[^\s()\\]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)',
    DQ,
    # Not the signs between the digits of 1'000'000.
    r"'(?<![0-9A-Fa-f]')[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'?",
)
_REGEX_BODY = r"/(?![*/ =])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*"

SYNTAXES: dict[str, Syntax] = {
    "python": Syntax(strings=(TRIPLE_DQ, TRIPLE_SQ, DQ, SQ), lines=(HASH,)),
    "json": Syntax(strings=(DQ,), lines=(SLASHES,), blocks=(C_BLOCK,)),
    "css": Syntax(strings=(DQ, SQ, r"url\((?!\s*[\"'])[^)\n]*\)"), blocks=(C_BLOCK,)),
    "scss": Syntax(
        strings=(DQ, SQ, r"url\((?!\s*[\"'])[^)\n]*\)", r"https?://"), lines=(SLASHES,), blocks=(C_BLOCK,)
    ),
    "c": Syntax(strings=_C_STRINGS, lines=(C_LINE,), blocks=(C_BLOCK,)),
    "csharp": Syntax(
        strings=(
            r'"""+.*?(?:"""+|\Z)',
            r'@\$?"[^"]*+(?:""[^"]*+)*+(?:"|\Z)',
            r'\$@"[^"]*+(?:""[^"]*+)*+(?:"|\Z)',
            r"\#(?:region|endregion|error|warning|pragma)\b[^\n]*",
            DQ,
            CHAR,
        ),
        lines=(SLASHES,),
        blocks=(C_BLOCK,),
    ),
    "java": Syntax(strings=(TRIPLE_DQ, DQ, SQ), lines=(SLASHES,), blocks=(C_BLOCK,)),
    "kotlin": Syntax(strings=(TRIPLE_RAW, DQ, CHAR, BACKTICK), lines=(SLASHES,), nested=((r"/\*", r"\*/"),)),
    "groovy": Syntax(
        strings=(TRIPLE_DQ, TRIPLE_SQ, r"\$/.*?(?:/\$|\Z)", DQ, SQ, rf"[(,=~]\s*{_REGEX_BODY}"),
        lines=(SLASHES, r"\A\#![^\n]*"),
        blocks=(C_BLOCK,),
    ),
    "swift": Syntax(
        strings=(
            r'\#(?P<pounds>\#*)""".*?(?:"""\#(?P=pounds)|\Z)',
            r'\#(?P<pound>\#*)"[^\n]*?"\#(?P=pound)',
            TRIPLE_DQ,
            DQ,
        ),
        lines=(SLASHES,),
        nested=((r"/\*", r"\*/"),),
    ),
    "dart": Syntax(
        strings=(
            r'r(?<=\br)""".*?(?:"""|\Z)',
            r"r(?<=\br)'''.*?(?:'''|\Z)",
            r'r(?<=\br)"[^"\n]*"?',
            r"r(?<=\br)'[^'\n]*'?",
            TRIPLE_DQ,
            TRIPLE_SQ,
            DQ,
            SQ,
        ),
        lines=(SLASHES,),
        nested=((r"/\*", r"\*/"),),
    ),
    "go": Syntax(strings=(BACKTICK, DQ, CHAR), lines=(SLASHES,), blocks=(C_BLOCK,)),
    "rust": Syntax(
        strings=(
            r'r(?:(?<=\br)|(?<=\bbr)|(?<=\bcr))(?P<hashes>\#*)".*?(?:"(?P=hashes)|\Z)',
            DQ_LINES,
            CHAR,
        ),
        lines=(SLASHES,),
        nested=((r"/\*", r"\*/"),),
    ),
    "zig": Syntax(strings=(r"\\\\[^\n]*", DQ, CHAR), lines=(SLASHES,)),
    "d": Syntax(
        strings=(r'r(?<=\br)"[^"]*+(?:"|\Z)', BACKTICK, DQ_LINES, CHAR),
        lines=(SLASHES,),
        blocks=(C_BLOCK,),
        nested=((r"/\+", r"\+/"),),
    ),
    "slashes": Syntax(strings=(DQ, SQ), lines=(SLASHES,), blocks=(C_BLOCK,)),
    "graphql": Syntax(strings=(TRIPLE_RAW, DQ), lines=(HASH,)),
    "ruby": Syntax(
        strings=(
            HEREDOC.replace("[ \\t]*(?P<quote>", "(?P<quote>", 1),
            r"\?\#",
            r"%[qQwWiIrxs]?\((?:[^()\\]|\\.|\([^()]*\))*\)",
            r"%[qQwWiIrxs]?\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}",
            r"%[qQwWiIrxs]?\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\]",
            r"%[qQwWiIrxs](?P<rubydelimiter>[|!/~^])(?:[^\\]|\\.)*?(?P=rubydelimiter)",
            rf"(?:[(,=~|&!{{\[;]|\b(?:if|unless|when|and|or|not|while|until|return|puts))[ \t]*{_REGEX_BODY}",
            DQ_LINES,
            SQ_LINES,
            r"`[^`\n]*`",
            r"^__END__$.*",
        ),
        lines=(HASH,),
        blocks=(r"^=begin\b.*?(?:^=end\b[^\n]*|\Z)",),
    ),
    "perl": Syntax(
        strings=(
            HEREDOC,
            r"^=[a-zA-Z]\w*.*?(?:^=cut\b[^\n]*|\Z)",
            r"^__(?:END|DATA)__$.*",
            r"\$\#[\w{$]?",
            r"(?<![\w$@%&>-])(?:qq?|qw|qr|m)\s*\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}",
            r"(?<![\w$@%&>-])(?:qq?|qw|qr|m)\s*\((?:[^()\\]|\\.|\([^()]*\))*\)",
            r"(?<![\w$@%&>-])(?:qq?|qw|qr|m)\s*\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\]",
            r"(?<![\w$@%&>-])(?:qq?|qw|qr|m)(?P<perldelimiter>[/!|\#~%'\"])(?:[^\\]|\\.)*?(?P=perldelimiter)",
            r"(?<![\w$@%&>-])(?:s|tr|y)(?P<sdelimiter>[/!|\#~%])(?:[^\\]|\\.)*?(?P=sdelimiter)"
            r"(?:[^\\]|\\.)*?(?P=sdelimiter)",
            r"(?<![\w$@%&>-])s\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}\s*\{(?:[^{}\\]|\\.|\{[^{}]*\})*\}",
            rf"(?:=~|!~|[(,]|\bsplit)[ \t]*{_REGEX_BODY}",
            DQ_LINES,
            r"(?<![\w&])" + SQ_LINES,
        ),
        lines=(HASH,),
    ),
    "lua": Syntax(
        strings=(r"\[(?P<level>=*)\[.*?(?:\](?P=level)\]|\Z)", DQ, SQ),
        lines=(DASHES,),
        blocks=(r"--\[(?P<commentlevel>=*)\[.*?(?:\](?P=commentlevel)\]|\Z)",),
    ),
    "shell": Syntax(strings=(*_SHELL_SKIP, HEREDOC, SQ_RAW, DQ_LINES), lines=(HASH_WORD,)),
    "powershell": Syntax(
        strings=(
            r'@"\n.*?(?:^"@|\Z)',
            r"@'\n.*?(?:^'@|\Z)",
            r"`.",
            r'"(?:[^"`]|`.|"")*(?:"|\Z)',
            SQ_DOUBLED_LINES,
        ),
        lines=(r"(?<![^\s;|&(){},=])\#[^\n]*",),
        blocks=(r"<\#.*?(?:\#>|\Z)",),
        first=False,
    ),
    "bat": Syntax(lines=(r"(?i:(?:^|(?<=[&(]))[ \t]*@?rem\b[^\n]*)", r"(?:^|(?<=[&(]))[ \t]*::[^\n]*")),
    "makefile": Syntax(strings=(r"\\.", r"\$\$\{?\#?"), lines=(HASH,)),
    "cmake": Syntax(
        strings=(r"\[(?P<level>=*)\[.*?(?:\](?P=level)\]|\Z)", DQ_LINES, r"\\."),
        lines=(HASH,),
        blocks=(r"\#\[(?P<commentlevel>=*)\[.*?(?:\](?P=commentlevel)\]|\Z)",),
    ),
    "dockerfile": Syntax(strings=(HEREDOC,), lines=(r"^[ \t]*\#[^\n]*",)),
    "yaml": Syntax(
        strings=(
            # A block scalar: all that is indented further than its key.
            r"^(?P<indent>[ ]*)(?:-[ ]+)*(?:[^\n\#\"']*:[ ]+|[\"'][^\n\"']*[\"']:[ ]+)?(?:[!&]\S*[ ]+)*"
            r"[|>][-+0-9]*[ \t]*(?:\#[^\n]*)?$(?:\n(?:(?P=indent)[ ]+[^\n]*|[ \t]*$))*",
            r'(?<![^\s\[{,:(])"(?:[^"\\]|\\.)*"',
            r"(?<![^\s\[{,:(])'[^'\n]*+(?:''[^'\n]*+)*+'",
        ),
        lines=(r"(?<!\S)\#[^\n]*",),
    ),
    "toml": Syntax(strings=(TRIPLE_DQ, r"'''.*?(?:'''|\Z)", DQ, r"'[^'\n]*'?"), lines=(HASH,)),
    "ini": Syntax(lines=(r"^[ \t]*[;\#][^\n]*", r"(?<=[ \t])[;\#][ \t][^\n]*")),
    "properties": Syntax(lines=(r"^[ \t]*[\#!][^\n]*",)),
    "hcl": Syntax(strings=(HEREDOC, DQ), lines=(HASH, SLASHES), blocks=(C_BLOCK,)),
    "nix": Syntax(
        strings=(r"''(?:[^']|'(?!')|''['$\\])*''", DQ_LINES, r"https?://\S+"),
        lines=(HASH,),
        blocks=(C_BLOCK,),
    ),
    "hash": Syntax(strings=(r"\\.", DQ_LINES, SQ), lines=(HASH,)),
    "m4": Syntax(lines=(r"dnl\b[^\n]*", r"\#[^\n]*")),
    "meson": Syntax(strings=(TRIPLE_SQ, SQ), lines=(HASH,)),
    "sql": Syntax(
        strings=(SQ_DOUBLED_LINES, DQ_DOUBLED, r"`[^`\n]*`"),
        lines=(DASHES, r"^[ \t]*\#[^\n]*"),
        blocks=(C_BLOCK,),
    ),
    "haskell": Syntax(
        strings=(DQ, CHAR_APART),
        lines=(r"(?<![!\#$%&*+./<=>?@\\^|~:-])--+(?![!\#$%&*+./<=>?@\\^|~:])[^\n]*",),
        nested=((r"\{-", r"-\}"),),
    ),
    "lean": Syntax(strings=(DQ_LINES,), lines=(DASHES,), nested=((r"/-", r"-/"),)),
    "ocaml": Syntax(
        strings=(DQ_LINES, r"\{(?P<tag>[a-z_]*)\|.*?(?:\|(?P=tag)\}|\Z)", CHAR_APART),
        nested=((r"\(\*", r"\*\)"),),
    ),
    "fsharp": Syntax(
        strings=(TRIPLE_RAW, r'@"[^"]*+(?:""[^"]*+)*+"', DQ_LINES, CHAR_APART),
        lines=(SLASHES,),
        nested=((r"\(\*(?!\))", r"\*\)"),),
    ),
    "erlang": Syntax(strings=(r"\$\\?.", DQ_LINES, SQ), lines=(PERCENT,), blocks=(C_BLOCK,)),
    "elixir": Syntax(
        strings=(
            r"~[a-zA-Z]+\"\"\".*?(?:\"\"\"|\Z)",
            TRIPLE_DQ,
            TRIPLE_SQ,
            r"~[a-zA-Z]+(?:\((?:[^)\\]|\\.)*\)|\[(?:[^\]\\]|\\.)*\]|\{(?:[^}\\]|\\.)*\}|/(?:[^/\\]|\\.)*/|\|(?:[^|\\]|\\.)*\||\"(?:[^\"\\]|\\.)*\")",
            r"\?(?<!\w\?)\\?.",
            DQ_LINES,
            SQ,
        ),
        lines=(HASH,),
    ),
    "lisp": Syntax(
        strings=(r"\#?\\(?:\w+|.)", r"\|[^|\n]*\|", DQ_LINES),
        lines=(SEMICOLON,),
        nested=((r"\#\|", r"\|\#"),),
    ),
    "julia": Syntax(
        strings=(TRIPLE_DQ, DQ_LINES, r"'(?<![\w)\]}']')(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'", r"`[^`\n]*`"),
        lines=(HASH,),
        nested=((r"\#=", r"=\#"),),
    ),
    "matlab": Syntax(
        strings=(DQ_DOUBLED, r"'(?<![\w)\]}'.]')[^'\n]*+(?:''[^'\n]*+)*+'?"),
        lines=(r"%[^\n]*", r"(?<!\S)\#[^\n]*", r"\.\.\.[^\n]*"),
        blocks=(r"^[ \t]*%\{[ \t]*$.*?(?:^[ \t]*%\}[ \t]*$|\Z)",),
    ),
    "fortran": Syntax(strings=(DQ_DOUBLED, SQ_DOUBLED), lines=(r"![^\n]*",)),
    "fortran77": Syntax(strings=(DQ_DOUBLED, SQ_DOUBLED), lines=(r"^[cC*][^\n]*", r"![^\n]*")),
    "pascal": Syntax(
        strings=(SQ_DOUBLED,), lines=(SLASHES,), blocks=(r"\{.*?(?:\}|\Z)", r"\(\*.*?(?:\*\)|\Z)")
    ),
    "ada": Syntax(strings=(DQ_DOUBLED, CHAR), lines=(DASHES,)),
    "vb": Syntax(strings=(DQ_DOUBLED,), lines=(r"'[^\n]*", r"(?i:(?:^|(?<=:))[ \t]*rem\b[^\n]*)")),
    "nim": Syntax(
        strings=(r'""".*?(?:"""|\Z)', r'r(?<=\br)"[^"\n]*"?', DQ, CHAR_APART),
        lines=(r"\#(?!\[)[^\n]*",),
        nested=((r"\#\[", r"\]\#"),),
    ),
    "tcl": Syntax(strings=(r"\\.", DQ_LINES), lines=(r"(?:^|(?<=;)|(?<=\{))[ \t]*\#[^\n]*",)),
    "tex": Syntax(
        strings=(
            r"\\[^a-zA-Z]",
            r"\\begin\{(?P<verbatim>verbatim|lstlisting|minted)\*?\}.*?(?:\\end\{(?P=verbatim)\*?\}|\Z)",
            r"\\verb\*?(?P<verb>[^\w\s])[^\n]{0,500}?(?P=verb)",
        ),
        lines=(PERCENT,),
    ),
    "vim": Syntax(
        strings=(SQ_DOUBLED,), lines=(r'(?:^|(?<=\s))"(?=[ \t]|[A-Z]+[:(\s])[^"\n]*$', r'^[ \t]*"[^\n]*')
    ),
    "cobol": Syntax(strings=(DQ_DOUBLED, SQ_DOUBLED), lines=(r"^.{6}[*/][^\n]*", r"\*>[^\n]*")),
    "abap": Syntax(strings=(SQ_DOUBLED, BACKTICK, r"\|[^|\n]*\|"), lines=(r"^\*[^\n]*", r'"[^\n]*')),
    "asm": Syntax(
        strings=(DQ, r"'[^'\n]{1,4}'"),
        lines=(SEMICOLON, SLASHES, r"(?:^|(?<=\s))\#(?=[ \t#])[^\n]*", r"(?:^|(?<=\s))@[ \t][^\n]*"),
        blocks=(C_BLOCK,),
    ),
    "xml": Syntax(strings=(r"<!\[CDATA\[.*?(?:\]\]>|\Z)",), blocks=(XML,)),
    "handlebars": Syntax(blocks=(r"\{\{!--.*?(?:--\}\}|\Z)", r"\{\{!.*?(?:\}\}|\Z)", XML)),
    "jinja": Syntax(blocks=(r"\{\#.*?(?:\#\}|\Z)", r"\{%-?\s*comment\b.*?(?:endcomment\s*-?%\}|\Z)", XML)),
    "erb": Syntax(lines=(), blocks=(r"<%\#.*?(?:%>|\Z)", r"<%--.*?(?:--%>|\Z)", XML)),
    "razor": Syntax(strings=(DQ,), blocks=(r"@\*.*?(?:\*@|\Z)", XML), first=False),
    "markdown": Syntax(
        strings=(
            r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
            r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)",
        ),
        blocks=(XML,),
    ),
    "mdx": Syntax(
        strings=(
            r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
            r"(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)",
        ),
        blocks=(XML, r"\{/\*.*?(?:\*/\}|\Z)"),
    ),
    "rst": Syntax(
        blocks=(r"^(?P<indent>[ \t]*)\.\.[ \t]+(?!\S+::|\[|_|\|)[^\n]*(?:\n(?P=indent)[ \t]+\S[^\n]*)*",)
    ),
    "asciidoc": Syntax(
        strings=(r"^(?P<listing>----+|\.\.\.\.+)$.*?(?:^(?P=listing)$|\Z)",),
        lines=(r"^//(?!//)[^\n]*",),
        blocks=(r"^////+$.*?(?:^////+$|\Z)",),
    ),
    "none": Syntax(),
}
"""Every syntax that `languages` names, but for those that `comments` reads by hand."""


class Pattern(NamedTuple):
    """A syntax ready to run."""

    pieces: re.Pattern[str]
    kinds: dict[int, str]
    """For the last group of a match: `string`, `line`, `block`, or `nested0`, `nested1`, …"""
    nested: tuple[re.Pattern[str], ...]
    """For each nested kind, what opens or closes it; group 1 is the closing sign."""


@functools.cache
def pattern_of(syntax: str) -> Pattern:
    """The compiled form of a syntax.

    Each piece ends in an empty group that tells its kind, and stands bare in one alternation: where every
    piece starts with a plain character, `re` then skips to the next of these at the speed of memory, some ten
    times as fast as with the pieces in named groups.
    """
    chosen = SYNTAXES[syntax]
    strings = [("string", piece) for piece in chosen.strings]
    comments = [(f"nested{i}", opening) for i, (opening, _) in enumerate(chosen.nested)]
    comments += [("block", piece) for piece in chosen.blocks] + [("line", piece) for piece in chosen.lines]
    pieces = [*strings, *comments] if chosen.first else [*comments, *strings]
    flags = re.DOTALL | re.MULTILINE
    kinds: dict[int, str] = {}
    groups = 0
    for kind, piece in pieces:
        groups += re.compile(piece, flags).groups + 1
        kinds[groups] = kind
    nested = tuple(re.compile(f"{opening}|({closing})", flags) for opening, closing in chosen.nested)
    joined = "|".join(f"{piece}()" for _, piece in pieces) or r"(?!)()"
    return Pattern(re.compile(joined, flags), kinds, nested)
