#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if the source tree breaks its rules: check.py ROOT. check_test.py breaks each rule once."""
import re
import sys
from pathlib import Path

# A folder of lib/ may depend only on folders of a lower level.
LEVELS = {
    "outbox": 0, "entry": 0, "topology": 0,
    "config": 1, "system": 1,
    "dispatch": 2,
    "postgres": 3, "redis": 3, "telemetry": 3,
    "outbox_table": 4, "streams": 4, "migrate": 4, "enqueue": 4, "http": 4,
    "outbox_store": 5, "stream_metrics": 5,
    "dead_rows": 6,
    "replay": 7,
}
# The folders without sockets and servers.
PURE = ("outbox", "entry", "topology", "config")
SOCKETS = re.compile(r"(boost/(asio|beast)|pqxx|libpq|hiredis|sys/socket\.h|sys/un\.h|netdb\.h|netinet/|arpa/)")
# The folder whose namespace all other folders use.
ROOT_NAMESPACE = "outbox"
# The folder that may include each library.
OWNERS = {re.compile(r"hiredis"): "redis", re.compile(r"(pqxx|libpq)"): "postgres"}
MAX_LINES = 300
MAX_MEMBERS = 15
CODE = {".cpp", ".hpp"}
WITH_SPDX = {".cpp", ".hpp", ".py", ".sh", ".sql", ".cmake"}

# What is no code: comments and texts.
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)
CLASS = re.compile(r"\b(?:class|struct)\s+([\w:]+)(?:\s+final)?(?:\s*:[^;{]*)?\s*\{")
# A private data member, in the text of a class without its inner braces.
MEMBER = re.compile(r"[\w>&*]\s+[&*]?(\w+_)\s*(?:\{\}|=[^;(]*|\[\w*\])?;")
NAMESPACE = re.compile(r"^namespace (outboxd[\w:]*)", re.MULTILINE)
# Folders whose files a build without a compiler cache compiles together (OUTBOXD_UNITY), and what stays apart there.
TOGETHER = ("daemon", "tests/bench", "tests/faults", "tests/simulation")
APART = re.compile(r"set_source_files_properties\((.*?)PROPERTIES\s+SKIP_UNITY_BUILD_INCLUSION", re.DOTALL)
# The subjects of unit tests whose files are compiled together.
SUBJECTS = re.compile(r"foreach\(subject ([\w ]+)\)")
UNNAMED = re.compile(r"^namespace \{$.*?^\}", re.MULTILINE | re.DOTALL)
LOCAL = re.compile(r"^(?:(?:struct|class|enum(?: class)?) (\w+)|(?:inline )?const(?:expr)? [^=({\n]*?(\bk[A-Z]\w*))[^;\n]*",
                   re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
LIBRARY = re.compile(r"outboxd_library\(\s*(\w+)(.*?)\)", re.DOTALL)
KEYWORDS = {"SOURCES", "DEPENDS", "LINKS"}


def files_under(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def declared_depends(cmake_text, folder):
    """The DEPENDS of outboxd_library(folder …); None if the folder isn't declared."""
    text = re.sub(r"#[^\n]*", "", cmake_text)
    for name, body in LIBRARY.findall(text):
        if name != folder:
            continue
        depends, keyword = [], None
        for word in body.split():
            if word in KEYWORDS:
                keyword = word
            elif keyword == "DEPENDS":
                depends.append(word)
        return depends
    return None


def closure(folder, depends):
    seen, todo = set(), list(depends.get(folder) or [])
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(depends.get(current) or [])
    return seen


def includes(path):
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def check_depends(depends):
    for folder, wanted in depends.items():
        place = f"lib/{folder}/CMakeLists.txt"
        if folder not in LEVELS:
            yield f"lib/{folder}: has no level in tests/structure/check.py: give it one"
            continue
        if wanted is None:
            yield f"{place}: outboxd_library({folder} …) is missing: declare the folder"
            continue
        for other in wanted:
            if other not in LEVELS:
                yield f"{place}: DEPENDS on {other}, which is no folder of lib/: outside libraries belong in LINKS"
            elif LEVELS[other] >= LEVELS[folder]:
                yield f"{place}: DEPENDS on {other}, which points the wrong way: {folder} is not above {other}"


def check_own_includes(root, depends):
    for path in files_under(root, "lib"):
        if path.suffix not in CODE:
            continue
        folder = path.relative_to(root / "lib").parts[0]
        allowed = closure(folder, depends) | {folder}
        for line, quote, target in includes(path):
            place = f"{path.relative_to(root)}:{line}"
            first = target.split("/")[0]
            if quote == '"' and first == "..":
                yield f"{place}: includes {target}: write the path from lib/"
            elif "/" in target and quote == '"' and first not in allowed and (first in LEVELS or first in depends):
                yield f"{place}: includes {target}, but lib/{folder} doesn't DEPEND on {first}"


def check_libraries(root):
    for path in files_under(root, "lib", "daemon"):
        if path.suffix not in CODE:
            continue
        parts = path.relative_to(root).parts
        folder = parts[1] if parts[0] == "lib" else "daemon"
        for line, _, target in includes(path):
            place = f"{path.relative_to(root)}:{line}"
            for library, owner in OWNERS.items():
                if library.match(target) and folder != owner:
                    yield f"{place}: includes {target}, which only lib/{owner} may"
            if folder in PURE and SOCKETS.match(target):
                yield f"{place}: includes {target}, but lib/{folder} is pure"


def check_namespaces(root):
    for path in files_under(root, "lib"):
        folder = path.relative_to(root / "lib").parts[0]
        own = "outboxd" if folder == ROOT_NAMESPACE else f"outboxd::{folder}"
        if path.suffix not in CODE | {".cmake"}:
            continue
        text = path.read_text(encoding="utf-8")
        for match in NAMESPACE.finditer(text):
            if match[1] != own and not match[1].startswith(own + "::"):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(root)}:{line}: opens {match[1]}: the code of lib/{folder} is in {own}"


def check_length(root):
    for path in files_under(root, "lib", "daemon"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MAX_LINES:
            yield f"{path.relative_to(root)}: {lines} lines, over {MAX_LINES}: split it by its ideas"


def members_by_class(text):
    """Each class of a file, and its private data members."""
    text = NO_CODE.sub(" ", text)
    for match in CLASS.finditer(text):
        outer, depth = "", 1
        for char in text[match.end():]:
            depth += (char == "{") - (char == "}")
            if depth == 0:
                break
            # Of what is inside other braces only these are left.
            if depth == 1 or (depth == 2 and char == "{"):
                outer += char
        yield match[1], MEMBER.findall(outer)


def check_members(root):
    for path in files_under(root, "lib", "daemon"):
        if path.suffix not in CODE:
            continue
        for name, members in members_by_class(path.read_text(encoding="utf-8")):
            if len(members) > MAX_MEMBERS:
                yield (f"{path.relative_to(root)}: {name} has {len(members)} data members, over {MAX_MEMBERS}: give "
                       "state of its own a class of its own")


def check_local_names(root):
    """Functions are left to the compiler: those of one name may have other parameters."""
    folders = [path.relative_to(root).as_posix() for path in (root / "lib").iterdir() if path.is_dir()]
    groups = [(folder, "") for folder in (*sorted(folders), *TOGETHER)]
    tests = root / "tests" / "CMakeLists.txt"
    for subjects in SUBJECTS.findall(tests.read_text(encoding="utf-8")) if tests.is_file() else ():
        groups += (("tests/unit", subject + "_") for subject in subjects.split())
    for folder, prefix in groups:
        cmake = root / folder / "CMakeLists.txt"
        apart = APART.findall(cmake.read_text(encoding="utf-8")) if cmake.is_file() else []
        known = {}
        for path in files_under(root, folder):
            if path.suffix != ".cpp" or not path.name.startswith(prefix) or path.name in " ".join(apart).split():
                continue
            for part in UNNAMED.findall(NO_CODE.sub(" ", path.read_text(encoding="utf-8"))):
                for names in LOCAL.findall(part):
                    name = "".join(names)
                    if known.setdefault(name, path) != path:
                        yield (f"{path.relative_to(root)}: {known[name].name} has a {name} as well, and builds without "
                               "ccache compile them together: name it more exactly, or say it in one place")


def check_spdx(root):
    for path in files_under(root, "lib", "daemon", "tests", "migrations"):
        if path.suffix not in WITH_SPDX:
            continue
        head = path.read_text(encoding="utf-8").split("\n")[:3]
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
            yield f"{path.relative_to(root)}: has no SPDX-License-Identifier line at its top"


def check_readme(root, depends):
    for folder in depends:
        if not (root / "lib" / folder / "README.md").is_file():
            yield f"lib/{folder}: has no README.md: say what it is for, depends on, and must never know"


def faults(root):
    depends = {}
    for folder in sorted(path for path in (root / "lib").iterdir() if path.is_dir()):
        cmake = folder / "CMakeLists.txt"
        depends[folder.name] = declared_depends(cmake.read_text(encoding="utf-8"), folder.name) if cmake.is_file() else None
    if not depends:
        yield "lib/ has no folders: is this the project's root?"
    yield from check_depends(depends)
    yield from check_own_includes(root, depends)
    yield from check_libraries(root)
    yield from check_namespaces(root)
    yield from check_length(root)
    yield from check_members(root)
    yield from check_local_names(root)
    yield from check_spdx(root)
    yield from check_readme(root, depends)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check.py ROOT")
    found = list(faults(Path(sys.argv[1]).resolve()))
    for fault in found:
        print(fault)
    print(f"{len(found)} fault(s)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
