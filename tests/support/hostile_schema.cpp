// SPDX-License-Identifier: Apache-2.0
#include "support/hostile_schema.hpp"

#include "support/outbox_table.hpp"

#include <regex>

namespace outboxd::test {
namespace {

/// The SQL without literals, quoted names and comments.
std::string bare(const std::string& sql) {
  static const std::regex noise(R"('(?:[^']|'')*'|"[^"]*"|--[^\n]*|/\*(?:[^*]|\*[^/])*\*/)");
  return std::regex_replace(sql, noise, " ");
}

void collect(const std::string& text, const std::regex& wanted, std::set<std::string>& into) {
  for (std::sregex_iterator found(text.begin(), text.end(), wanted); found != std::sregex_iterator(); ++found) {
    into.insert((*found)[1]);
  }
}

std::string as_array(const std::set<std::string>& names) {
  std::string list = "ARRAY[";
  for (const auto& name : names) list += (list.ends_with('[') ? "" : ", ") + literal(name);
  return list + "]::text[]";
}

// Functions are created with each signature of pg_catalog, with each of one or two arguments of common types, and
// with each of pg_catalog's with one argument of another type; operators with all pairs of common types. Signatures
// that can't be created (variadic ones, for example) are left out.
constexpr const char* kFill = R"sql(
SET search_path = pg_catalog;
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE SEQUENCE IF NOT EXISTS {schema}.hostile_calls;
GRANT ALL ON SCHEMA {schema} TO public;
GRANT ALL ON SEQUENCE {schema}.hostile_calls TO public;
DO $do$
DECLARE
  common text[] := ARRAY['int2','int4','int8','oid','text','varchar','name','bpchar','timestamptz','interval','bool',
                         'tid','uuid','jsonb','numeric','float8','regclass','text[]','int8[]','uuid[]','tid[]',
                         'timestamptz[]','regproc','pg_node_tree','"char"'];
  few text[] := ARRAY['int4','int8','oid','text','varchar','name','timestamptz','interval','tid','uuid','regclass',
                      'text[]','tid[]','timestamptz[]','bool','numeric'];
  wanted text; signature text; one text; other text; types text[]; result text; symbol text; n int := 0;
BEGIN
  FOREACH wanted IN ARRAY {functions} LOOP
    SELECT format_type(min(prorettype), NULL) INTO result FROM pg_proc
     WHERE proname = wanted AND pronamespace = 'pg_catalog'::regnamespace AND prokind <> 'w'
    HAVING count(DISTINCT prorettype) = 1;
    IF result IS NULL OR result LIKE 'any%' OR result IN ('record', 'void', 'internal', 'trigger') THEN
      result := 'text';
    END IF;
    FOR signature IN
      SELECT '' UNION SELECT unnest(common) UNION SELECT a || ',' || b FROM unnest(few) AS a, unnest(few) AS b
      UNION SELECT pg_get_function_identity_arguments(oid) FROM pg_proc
             WHERE proname = wanted AND pronamespace = 'pg_catalog'::regnamespace
      UNION SELECT array_to_string((SELECT array_agg(CASE WHEN place = k THEN t ELSE format_type(type, NULL) END ORDER BY place)
                                      FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS args (type, place)), ',')
              FROM pg_proc AS p, generate_series(1, 6) AS k, unnest(few) AS t
             WHERE proname = wanted AND pronamespace = 'pg_catalog'::regnamespace AND pronargs >= greatest(k, 3)
    LOOP
      BEGIN
        EXECUTE format('CREATE FUNCTION {schema}.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', wanted, signature, result,
                       'BEGIN PERFORM pg_catalog.nextval(''{schema}.hostile_calls''); RETURN NULL; END');
      EXCEPTION WHEN OTHERS THEN NULL;
      END;
    END LOOP;
  END LOOP;
  FOREACH symbol IN ARRAY {operators} LOOP
    result := CASE WHEN symbol IN ('=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '~') THEN 'boolean' END;
    FOR one, other IN SELECT a, b FROM unnest(few) AS a, unnest(few) AS b LOOP
      n := n + 1;
      EXECUTE format('CREATE FUNCTION {schema}.hostile_operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', n, one, other,
                     coalesce(result, one),
                     'BEGIN PERFORM pg_catalog.nextval(''{schema}.hostile_calls''); RETURN NULL; END');
      EXECUTE format('CREATE OPERATOR {schema}.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = {schema}.hostile_operator_%s)', symbol,
                     one, other, n);
    END LOOP;
  END LOOP;
  EXECUTE 'CREATE FUNCTION {schema}.hostile_check() RETURNS boolean LANGUAGE plpgsql AS '
          '''BEGIN PERFORM pg_catalog.nextval(''''{schema}.hostile_calls''''); RETURN true; END''';
  FOREACH wanted IN ARRAY {types} LOOP
    BEGIN
      EXECUTE format('CREATE DOMAIN {schema}.%I AS pg_catalog.%I CHECK ({schema}.hostile_check())', wanted, wanted);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  FOREACH wanted IN ARRAY {relations} LOOP
    BEGIN
      EXECUTE format('CREATE VIEW {schema}.%I AS SELECT * FROM pg_catalog.%I WHERE {schema}.hostile_check()', wanted, wanted);
      EXECUTE format('GRANT SELECT ON {schema}.%I TO public', wanted);
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
END $do$)sql";

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

void SqlNames::add(const std::string& sql) {
  const auto text = bare(sql);
  collect(text, std::regex(R"(([a-z_][a-z_0-9]*)\s*\()", std::regex::icase), functions);
  collect(text, std::regex(R"(::(?:pg_catalog\.)?([a-z_][a-z_0-9]*))", std::regex::icase), types);
  collect(text, std::regex(R"(\b(pg_[a-z_]+)\b)"), relations);
  // The colons of casts, the dollars of parameters and commas are no operators.
  collect(text, std::regex(R"((?:^|[^-+*/<>=~!@#%^&|`?])([-+*/<>=~!@#%^&|`?]{1,3})(?![-+*/<>=~!@#%^&|`?]))"),
          operators);
  if (std::regex_search(text, std::regex(R"(\bLIKE\b)", std::regex::icase))) operators.insert("~~");
  if (std::regex_search(text, std::regex(R"(\bIN\s*\()", std::regex::icase))) operators.insert("=");
  if (std::regex_search(text, std::regex(R"(\bBETWEEN\b)", std::regex::icase))) operators.insert({"<=", ">="});
}

void fill_with_hostile_objects(const Database& database, const std::string& schema, const SqlNames& names) {
  std::string sql = kFill;
  replace_all(sql, "{schema}", schema);
  auto functions = names.functions;
  // The name of a type is a function as well: text(x).
  functions.insert(names.types.begin(), names.types.end());
  replace_all(sql, "{functions}", as_array(functions));
  replace_all(sql, "{operators}", as_array(names.operators));
  replace_all(sql, "{types}", as_array(names.types));
  replace_all(sql, "{relations}", as_array(names.relations));
  database.exec(sql);
}

std::string hostile_calls(const Database& database) {
  std::string calls;
  for (const auto& row : database.rows("SELECT schemaname FROM pg_catalog.pg_sequences WHERE sequencename "
                                       "OPERATOR(pg_catalog.=) 'hostile_calls' ORDER BY 1")) {
    calls +=
        row[0] + ": " +
        database.scalar("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM " + row[0] + ".hostile_calls") +
        "; ";
  }
  return calls;
}

}  // namespace outboxd::test
