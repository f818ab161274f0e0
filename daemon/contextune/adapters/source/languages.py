"""Which language a file is in: its VS Code id, and the comment syntax to read it by."""

from __future__ import annotations

import re
from typing import NamedTuple


class Language(NamedTuple):
    """A language as an editor names it, and the syntax of its comments in `adapters.source.comments`."""

    id: str
    syntax: str
    """Empty where only a general lexer knows it."""


# VS Code id : syntax : file names; `.x` is an ending, anything else a whole name.
_TABLE = """
python          : python     : .py .pyi .pyw .pyx .pxd .pxi .bzl .bazel .star BUILD WORKSPACE SConstruct SConscript .gyp .gypi wscript
javascript      : javascript : .js .mjs .cjs .es6 .jsm
javascriptreact : javascript : .jsx
typescript      : javascript : .ts .mts .cts
typescriptreact : javascript : .tsx
json            : json       : .json .webmanifest .map .har
jsonc           : json       : .jsonc .json5 .code-workspace tsconfig.json jsconfig.json .eslintrc.json .babelrc devcontainer.json settings.json launch.json tasks.json
html            : html       : .html .htm .xhtml .shtml
vue             : html       : .vue
svelte          : html       : .svelte
astro           : html       : .astro
handlebars      : handlebars : .hbs .handlebars .mustache
jinja           : jinja      : .jinja .jinja2 .j2 .twig .njk .liquid
erb             : erb        : .erb .ejs .rhtml
razor           : razor      : .cshtml .razor
xml             : xml        : .xml .xsd .xsl .xslt .svg .plist .csproj .vbproj .fsproj .props .targets .xaml .axaml .config .nuspec .resx .ui .qrc .rss .atom .pom .wsdl .storyboard .xib
markdown        : markdown   : .md .markdown .mdown .mkd
mdx             : mdx        : .mdx
restructuredtext: rst        : .rst
asciidoc        : asciidoc   : .adoc .asciidoc
css             : css        : .css .wxss
scss            : scss       : .scss
sass            : scss       : .sass
less            : scss       : .less
stylus          : scss       : .styl
c               : c          : .c .i
cpp             : c          : .cpp .cc .cxx .c++ .hpp .hh .hxx .h++ .h .ipp .inl .tpp .tcc .txx .def .ino .cppm .ixx
objective-c     : c          : .m
objective-cpp   : c          : .mm
cuda-cpp        : c          : .cu .cuh
glsl            : c          : .glsl .vert .frag .geom .comp .tesc .tese
hlsl            : c          : .hlsl .fx .hlsli
shaderlab       : c          : .shader .cginc
csharp          : csharp     : .cs .csx .cake
java            : java       : .java
kotlin          : kotlin     : .kt .kts
scala           : kotlin     : .scala .sbt .sc
groovy          : groovy     : .groovy .gradle .gvy Jenkinsfile
swift           : swift      : .swift
dart            : dart       : .dart
go              : go         : .go
go.mod          : slashes    : go.mod go.work
rust            : rust       : .rs
zig             : zig        : .zig .zon
d               : d          : .d .di
v               : go         : .vsh
solidity        : slashes    : .sol
proto3          : slashes    : .proto
thrift          : hcl        : .thrift
graphql         : graphql    : .graphql .gql .graphqls
prisma          : slashes    : .prisma
bicep           : slashes    : .bicep
jsonnet         : hcl        : .jsonnet .libsonnet
cue             : slashes    : .cue
php             : php        : .php .phtml .php5 .inc
ruby            : ruby       : .rb .rake .gemspec .ru .podspec .rbi Gemfile Rakefile Podfile Fastfile Vagrantfile Guardfile Brewfile Dangerfile
crystal         : ruby       : .cr
perl            : perl       : .pl .pm .t .psgi .perl cpanfile
raku            : hash       : .raku .rakumod .p6
lua             : lua        : .lua .luau .rockspec
shellscript     : shell      : .sh .bash .zsh .ksh .bats .command .ebuild .bashrc .bash_profile .zshrc .profile .envrc PKGBUILD
fish            : shell      : .fish
powershell      : powershell : .ps1 .psm1 .psd1
bat             : bat        : .bat .cmd
makefile        : makefile   : .mk .mak Makefile makefile GNUmakefile
cmake           : cmake      : .cmake CMakeLists.txt
dockerfile      : dockerfile : .dockerfile Dockerfile Containerfile
dockercompose   : yaml       : docker-compose.yml docker-compose.yaml compose.yml compose.yaml
yaml            : yaml       : .yml .yaml .clang-format .clang-tidy
toml            : toml       : .toml Cargo.lock Pipfile poetry.lock
ini             : ini        : .ini .cfg .conf .editorconfig .desktop .service .gitconfig .npmrc .flake8 .pylintrc
properties      : properties : .properties
dotenv          : properties : .env
ignore          : properties : .gitignore .dockerignore .npmignore .eslintignore .prettierignore .gitattributes CODEOWNERS
pip-requirements: properties : requirements.txt
terraform       : hcl        : .tf .tfvars
hcl             : hcl        : .hcl .nomad
nix             : nix        : .nix
nginx           : hash       : nginx.conf
puppet          : hash       : .pp
just            : hash       : justfile Justfile .just
ninja           : hash       : .ninja
meson           : meson      : meson.build meson_options.txt
starlark        : python     : Tiltfile
sql             : sql        : .sql .psql .ddl .dml .pgsql .mysql
haskell         : haskell    : .hs .lhs .hsc
elm             : haskell    : .elm
purescript      : haskell    : .purs
idris           : haskell    : .idr
agda            : haskell    : .agda
lean4           : lean       : .lean
ocaml           : ocaml      : .ml .mli .mll .mly
reason          : slashes    : .re .rei
rescript        : slashes    : .res .resi
fsharp          : fsharp     : .fs .fsi .fsx
erlang          : erlang     : .erl .hrl .escript
elixir          : elixir     : .ex .exs
gleam           : slashes    : .gleam
clojure         : lisp       : .clj .cljs .cljc .edn .bb
lisp            : lisp       : .lisp .lsp .cl .asd .el
scheme          : lisp       : .scm .ss .sld
racket          : lisp       : .rkt
fennel          : lisp       : .fnl
r               : hash       : .r .R .Rprofile
julia           : julia      : .jl
matlab          : matlab     : .matlab .mlx
octave          : matlab     : .octave
fortran-modern  : fortran    : .f90 .f95 .f03 .f08
fortran_fixed-form: fortran77: .f .for .f77
pascal          : pascal     : .pas .dpr .lpr .dfm
ada             : ada        : .adb .ads .ada
vhdl            : ada        : .vhd .vhdl
verilog         : slashes    : .v .vh
systemverilog   : slashes    : .sv .svh
vb              : vb         : .vb .bas .vbs .cls .frm
nim             : nim        : .nim .nims .nimble
tcl             : tcl        : .tcl .tk .exp
awk             : hash       : .awk
prolog          : erlang     : .prolog .pro
latex           : tex        : .tex .sty .ltx .dtx
bibtex          : tex        : .bib
gdscript        : python     : .gd
gdshader        : slashes    : .gdshader
wgsl            : rust       : .wgsl
vimscript       : vim        : .vim .vimrc
haxe            : slashes    : .hx
actionscript    : slashes    : .as
cobol           : cobol      : .cob .cbl .cpy
apex            : java       : .trigger
abap            : abap       : .abap
asm             : asm        : .asm .s .S .nasm
gherkin         : ini        : .feature
m4              : m4         : .m4 .ac
tablegen        : c          : .td
odin            : rust       : .odin
diff            : none       : .diff .patch
plaintext       : none       : .txt .text .log .csv .tsv
"""  # noqa: E501


def _tables() -> tuple[dict[str, Language], dict[str, Language]]:
    endings: dict[str, Language] = {}
    names: dict[str, Language] = {}
    for row in _TABLE.strip().splitlines():
        identity, syntax, files = (part.strip() for part in row.split(":"))
        for file in files.split():
            known = Language(identity, syntax)
            endings.setdefault(file, known) if file.startswith(".") else names.setdefault(file, known)
    return endings, names


_ENDINGS, _NAMES = _tables()

_PROGRAMS = (
    (re.compile(r"(?:ba|z|k|da|a)?sh"), Language("shellscript", "shell")),
    (re.compile(r"fish"), Language("fish", "shell")),
    (re.compile(r"python[\d.]*|pypy[\d.]*|uv"), Language("python", "python")),
    (re.compile(r"node|deno|bun"), Language("javascript", "javascript")),
    (re.compile(r"ts-node|tsx"), Language("typescript", "javascript")),
    (re.compile(r"ruby[\d.]*"), Language("ruby", "ruby")),
    (re.compile(r"perl[\d.]*"), Language("perl", "perl")),
    (re.compile(r"php[\d.]*"), Language("php", "php")),
    (re.compile(r"lua[\d.]*"), Language("lua", "lua")),
    (re.compile(r"Rscript"), Language("r", "hash")),
    (re.compile(r"awk|gawk|mawk"), Language("awk", "hash")),
    (re.compile(r"tclsh|wish|expect"), Language("tcl", "tcl")),
    (re.compile(r"make"), Language("makefile", "makefile")),
    (re.compile(r"escript"), Language("erlang", "erlang")),
    (re.compile(r"elixir"), Language("elixir", "elixir")),
    (re.compile(r"pwsh"), Language("powershell", "powershell")),
    (re.compile(r"groovy"), Language("groovy", "groovy")),
)

UNKNOWN = Language("", "")


def language_of(path: str, text: str) -> Language:
    """The language of a file by its name, or by its first line where the name says nothing."""
    name = path.rpartition("/")[2]
    known = _NAMES.get(name)
    if known is not None:
        return known
    start = 0 if name.startswith(".") else name.find(".")
    while start >= 0:
        ending = name[start:]
        known = _ENDINGS.get(ending) or _ENDINGS.get(ending.lower())
        if known is not None:
            return _told_apart(known, name, ending.lower(), text)
        start = name.find(".", start + 1)
    stem = name.partition(".")[0]
    if stem in ("Dockerfile", "Containerfile", "Makefile", "Jenkinsfile"):
        return _NAMES[stem]
    if text.startswith("#!"):
        words = text[2:200].partition("\n")[0].split()
        programs = [word.rpartition("/")[2] for word in words if not word.startswith("-") and "=" not in word]
        for program in programs[1:2] if programs[:1] == ["env"] else programs[:1]:
            for pattern, language in _PROGRAMS:
                if pattern.fullmatch(program):
                    return language
    return UNKNOWN


def _told_apart(known: Language, name: str, ending: str, text: str) -> Language:
    """Decide by the content where two languages share an ending."""
    if ending == ".m" and not re.search(r"^[ \t]*(?:@|#import|#include|//)", text, re.MULTILINE):
        return Language("matlab", "matlab")
    if ending == ".pl" and re.search(r"^:-|^\w+\(.*\)[ \t]*(?::-|\.)[ \t]*$", text, re.MULTILINE):
        return Language("prolog", "erlang")
    if ending == ".fs" and re.search(r"^[ \t]*#version|\bvoid[ \t]+main[ \t]*\(", text, re.MULTILINE):
        return Language("glsl", "c")
    if ending == ".inc" and "<?" not in text:
        return Language("cpp", "c")
    if ending == ".v" and re.search(
        r"^[ \t]*(?:Require|Theorem|Lemma|Definition|Proof)\b", text, re.MULTILINE
    ):
        return Language("coq", "ocaml")
    if ending == ".txt" and name.startswith("requirements"):
        return _NAMES["requirements.txt"]
    return known
