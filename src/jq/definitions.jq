# What jq has and jaq lacks or does otherwise.

# Theirs, under another name, for ours to build on.
def theirs_ltrimstr($x): ltrimstr($x);
def theirs_rtrimstr($x): rtrimstr($x);
def theirs_indices($i): indices($i);
def theirs_contains($b): contains($b);
def ltrimstr($x): if isstring and ($x | isstring) then theirs_ltrimstr($x) else . end;
def rtrimstr($x): if isstring and ($x | isstring) then theirs_rtrimstr($x) else . end;
def indices($i): if . == null then null else theirs_indices($i) end;
def index($i): if . == null then null else indices($i)[0] end;
def rindex($i): if . == null then null else indices($i)[-1] end;
def contains($b): if type == ($b | type) then theirs_contains($b) else error("only values of one type can contain each other") end;
def inside(xs): . as $x | xs | contains($x);
def delpaths($ps): if . == null then null else reduce ($ps | unique | reverse[]) as $p (.; . as $d | try (getpath($p) |= empty) catch $d) end;
def del(f): . as $d | delpaths([$d | path(f)]);
def setpath($p; $v): if ($p | length) == 0 then $v else $p[0] as $k
  | (if . == null then (if ($k | isstring) then {} else [] end) else . end)
  | .[$k] as $old | .[$k] = ($old | setpath($p[1:]; $v)) end;
def divisor: if . == 0 then error("it divides by zero") else . end;

def walk(f): def w: if isobject then map_values(w) elif isarray then map(w) else . end | f; w;
def join($s): if . == null then error("cannot join null") elif length == 0 then "" else
  reduce .[] as $x (null; (if . == null then "" else . + $s end)
    + ($x | if . == null then "" elif isstring then . elif isarray or isobject then error("cannot join arrays or objects") else text_of end)) end;
def from_entries: reduce .[] as $x ({};
  . + { ($x | if .key == null then .k // .name // .Name // .K // .Key else .key end | text_of)
      : ($x | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;

def ascii: [.] | implode;
def todate($format): strftime($format);
def date: todate;
def dateadd($unit; $n): . + $n;
def datesub($unit; $n): . - $n;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | text_of] |= $row);
def INDEX(f): INDEX(.[]; f);
def leaf_paths: paths(scalars);
def toarray: if isarray then . else [.] end;

def @csv: if isarray then [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then ""
  elif isarray or isobject then error("an array or object is no cell of CSV") else text_of end] | join(",")
  else error("only an array is a row of CSV") end;
def @tsv: if isarray then [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
  elif . == null then "" elif isarray or isobject then error("an array or object is no cell of TSV") else text_of end] | join("\t")
  else error("only an array is a row of TSV") end;
def @json: tojson;
def @html: text_of | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;") | gsub("'"; "&#39;") | gsub("\""; "&quot;");
