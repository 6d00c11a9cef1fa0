use crate::catalog::*;
use crate::model::*;

#[test]
fn smoke() {
    let text = "# hi\nidentifier: prod\nblueprint: Env\nproperties:\n  a: 1\n  b: [x, 'y', {z: 1}]\n  c: |\n    hello\n    you\n  d:\n  - 1\n  - k: v\nrelations:\n  x: null\n";
    let p = parse_file(&FilePath::new("entities/x.yaml"), text.as_bytes(), &Limits::default());
    println!("{p:#?}");
    for ptr in ["identifier", "properties", "relations"] {
        println!("{ptr} {:?}", locate(text.as_bytes(), &Place::value(&p.path, Pointer::root().key(ptr))));
    }
    println!("{:?}", locate(text.as_bytes(), &Place::value(&p.path, Pointer::root().key("properties").key("b"))));
    println!("{:?}", locate(text.as_bytes(), &Place::value(&p.path, Pointer::root().key("properties").key("c"))));
    println!("{:?}", locate(text.as_bytes(), &Place::value(&p.path, Pointer::root().key("properties").key("nope"))));
    println!("{:?}", locate(text.as_bytes(), &Place::value(&p.path, Pointer::root())));
    for bad in [
        "a: &x 1\nb: *x\n",
        "%YAML 1.2\n---\nidentifier: a\n",
        "identifier: a\n---\nidentifer: b\n",
        "identifier: !!str a\n? [x]\n: 1\n<<: {a: 1}\n",
        "identifier: a\nIdentifier: 'b'\n\"identifier\": c\ntitle:\n\tx: 1\n",
        "identifier: “a”\nblueprint: .inf\n",
        "a: b: c\n",
        "title: @x\n",
        "- a\n b\n",
        "{a: 1",
        "'abc",
        "identifier:\ntitle: 1\n",
        "{“identifier”: “a”}",
        "a: \"\\q\"",
        "x: {{ y }}\n",
        "a:\n  - b\n c: d\n",
        "[",
        "]",
        "a:b\n",
        ": x\n",
    ] {
        println!("-----\n{bad}");
        for f in parse_file(&FilePath::new("entities/x.yaml"), bad.as_bytes(), &Limits::default()).findings {
            let s = f.place.unwrap().span.unwrap();
            println!("{}:{}-{}:{} {} {} [{}]", s.line, s.column, s.end_line, s.end_column, f.rule, f.message, f.help.unwrap());
        }
    }
}
