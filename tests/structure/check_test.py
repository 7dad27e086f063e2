#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests that check.py can fail: breaks each rule once in a small tree that is otherwise correct."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
CHECK = Path(__file__).with_name("check.py")
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"

SOUND = {
    "lib/outbox/CMakeLists.txt": "outboxd_library(outbox SOURCES row.cpp)\n",
    "lib/outbox/README.md": "# outbox\n",
    "lib/outbox/row.hpp": SPDX,
    "lib/dispatch/CMakeLists.txt": "outboxd_library(dispatch\n  SOURCES a.cpp # a comment, with (brackets)\n  DEPENDS outbox)\n",
    "lib/dispatch/README.md": "# dispatch\n",
    "lib/dispatch/ports.hpp": SPDX + '#include "outbox/row.hpp"\n',
    "lib/postgres/CMakeLists.txt": "outboxd_library(postgres SOURCES s.cpp DEPENDS dispatch LINKS PkgConfig::pqxx)\n",
    "lib/postgres/README.md": "# postgres\n",
    # outbox is a dependency of dispatch.
    "lib/postgres/store.cpp": SPDX + '#include <pqxx/pqxx>\n#include "outbox/row.hpp"\n#include "dispatch/ports.hpp"\n',
    "daemon/main.cpp": SPDX + '#include "postgres/store.hpp"\n',
    "migrations/0001_a.up.sql": "-- SPDX-License-Identifier: Apache-2.0\n",
}


class CheckTest(unittest.TestCase):
    def run_on(self, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in {**SOUND, **changes}.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            done = subprocess.run([sys.executable, str(CHECK), folder], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    def assert_fault(self, changes, words):
        status, output = self.run_on(changes)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)
        self.assertIn("\n1 fault(s)", output)

    def test_sound_tree_passes(self):
        status, output = self.run_on({})
        self.assertEqual((status, output), (0, "0 fault(s)\n"))

    def test_include_of_a_folder_that_is_not_declared(self):
        self.assert_fault({"lib/outbox/row.hpp": SPDX + '\n#include "dispatch/ports.hpp"\n'},
                          "lib/outbox/row.hpp:3: includes dispatch/ports.hpp, but lib/outbox doesn't DEPEND on dispatch")

    def test_include_by_a_relative_path(self):
        self.assert_fault({"lib/dispatch/ports.hpp": SPDX + '#include "../outbox/row.hpp"\n'}, "write the path from lib/")

    def test_depends_that_points_back(self):
        self.assert_fault({"lib/outbox/CMakeLists.txt": "outboxd_library(outbox SOURCES row.cpp DEPENDS dispatch)\n"},
                          "points the wrong way")

    def test_depends_between_neighbours(self):
        self.assert_fault({"lib/redis/CMakeLists.txt": "outboxd_library(redis DEPENDS postgres)\n",
                           "lib/redis/README.md": "# redis\n"}, "points the wrong way")

    def test_folder_that_is_not_declared(self):
        self.assert_fault({"lib/outbox/CMakeLists.txt": "add_library(outbox row.cpp)\n"}, "declare the folder")

    def test_folder_without_a_level(self):
        self.assert_fault({"lib/extra/CMakeLists.txt": "outboxd_library(extra)\n", "lib/extra/README.md": "# extra\n"},
                          "has no level")

    def test_hiredis_outside_redis(self):
        self.assert_fault({"daemon/main.cpp": SPDX + "#include <hiredis/hiredis.h>\n"}, "only lib/redis may")

    def test_libpqxx_outside_postgres(self):
        self.assert_fault({"daemon/main.cpp": SPDX + "#include <pqxx/pqxx>\n"}, "only lib/postgres may")

    def test_sockets_in_a_pure_folder(self):
        for header in ("boost/asio.hpp", "boost/asio/io_context.hpp", "sys/socket.h"):
            with self.subTest(header):
                self.assert_fault({"lib/outbox/row.hpp": SPDX + f"#include <{header}>\n"}, "lib/outbox is pure")

    def test_namespace_of_another_folder(self):
        self.assert_fault({"lib/dispatch/ports.hpp": SPDX + "namespace outboxd::postgres {\n}\n"},
                          "lib/dispatch/ports.hpp:2: opens outboxd::postgres: the code of lib/dispatch is in "
                          "outboxd::dispatch")

    def test_namespaces_of_ones_own(self):
        changes = {"lib/dispatch/ports.hpp": SPDX + "namespace outboxd::dispatch {\n}\n",
                   "lib/postgres/store.cpp": SPDX + "namespace outboxd::postgres::detail {\n}\n",
                   "lib/outbox/row.hpp": SPDX + "namespace outboxd {\n}\n"}
        self.assertEqual(self.run_on(changes)[0], 0)

    def test_long_file(self):
        self.assert_fault({"daemon/main.cpp": SPDX + "\n" * 300}, "daemon/main.cpp: 301 lines")
        self.assertEqual(self.run_on({"daemon/main.cpp": SPDX + "\n" * 299})[0], 0)

    def test_a_local_name_twice_in_a_folder(self):
        def file(text):
            return SPDX + "namespace outboxd {\nnamespace {\n\n" + text + "\n\n}  // namespace\n}  // namespace outboxd\n"

        one = {"daemon/commands/a.cpp": file("constexpr int kMost = 1;\nstruct Row {\n  int kMost;\n};")}
        others = {"daemon/main.cpp": file("const int kLeast{1};\nint row() {\n  const int kMost = 1;\n  return kMost;\n}"),
                  "lib/outbox/a.cpp": file("struct Row {};")}
        self.assertEqual(self.run_on({**one, **others})[0], 0)
        for text in ("const std::string kMost{\"a\"};", "constexpr std::array kMost{1};", "enum class Row { one };"):
            self.assert_fault({**one, **others, "daemon/service/b.cpp": file(text)},
                              "daemon/service/b.cpp: a.cpp has a ")
        tests = {"tests/CMakeLists.txt": "foreach(subject http redis)\n", "tests/unit/config_a_test.cpp": file("struct Row {};"),
                 "tests/unit/config_b_test.cpp": file("struct Row {};"), "tests/unit/redis_test.cpp": file("struct Row {};")}
        self.assertEqual(self.run_on(tests)[0], 0)
        self.assert_fault({**tests, "tests/unit/redis_b_test.cpp": file("struct Row {};")}, "has a Row as well")
        apart = {"daemon/CMakeLists.txt": "set_source_files_properties(b.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)\n"}
        self.assertEqual(self.run_on({**one, **apart, "daemon/b.cpp": file("struct Row {};")})[0], 0)

    def test_class_of_many_members(self):
        def tree(count):
            members = "".join(f"  std::map<int, int> m{i}_{{}};\n" for i in range(count))
            return {"daemon/main.cpp": SPDX + "class Many final : public Base {\n public:\n  int f() { return m1_; }\n"
                                       " private:\n  struct Inner { int x_; };\n" + members + "};\n"}

        self.assert_fault(tree(16), "daemon/main.cpp: Many has 16 data members")
        self.assertEqual(self.run_on(tree(15))[0], 0)

    def test_missing_spdx(self):
        self.assert_fault({"migrations/0001_a.up.sql": "SELECT 1;\n"}, "has no SPDX")

    def test_missing_readme(self):
        self.assert_fault({"lib/http/CMakeLists.txt": "outboxd_library(http)\n"}, "lib/http: has no README.md")

    def test_empty_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "lib").mkdir()
            done = subprocess.run([sys.executable, str(CHECK), folder], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
