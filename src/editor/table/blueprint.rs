//! `blueprints/`.

use super::super::key::{Key, Keywords, Named, Names, Section, Wants, key};

pub(super) const SECTIONS: &[&Section] = &[
    &BLUEPRINT,
    &SCHEMA,
    &super::schema::PROPERTY,
    &super::schema::AUTHENTICATION,
    &RELATION,
    &MIRROR,
    &FORMULA,
    &CALCULATION,
    &AGGREGATION,
    &SPEC,
    &FILTER,
    &INHERITANCE,
    &OWNERSHIP,
];

const TITLE: Key = key("title", &Wants::Text, "What people call it.");
const ICON: Key = key("icon", &Wants::Icon, "The name of one of Port's icons.");
const DESCRIPTION: Key = key("description", &Wants::Text, "What it is, for people.");
const PATH: Wants = Wants::Text;

const BLUEPRINT: Section = Section {
    beside: &[],
    title: "Blueprint",
    meaning: "A type of entities, as Port exports it. It is changed by Admins and by its moderators.",
    keys: &[
        key("identifier", &Wants::Identifier, "By which entities, rules and actions name it.").required().like("Env"),
        TITLE.like("Environment"),
        ICON.like("Environment"),
        DESCRIPTION.like("Where microservices run"),
        key("schema", &Wants::Part(&SCHEMA), "The properties that its entities may set.")
            .like("{ properties: { ttl: { type: string } }, required: [ttl] }"),
        key(
            "relations",
            &Wants::Named(Named::Member, &Wants::Part(&RELATION)),
            "What its entities may point at. The key is the relation's name, an identifier without a dot.",
        )
        .or("{}")
        .like("{ microservice: { target: Microservice } }"),
        key(
            "mirrorProperties",
            &Wants::Named(Named::Member, &Wants::Part(&MIRROR)),
            "Properties of entities that relations lead to, shown as its own.",
        )
        .or("{}")
        .like("{ domain: { path: system.domain.$title } }"),
        key(
            "formulaProperties",
            &Wants::Named(Named::Member, &Wants::Part(&FORMULA)),
            "Texts put together from other properties.",
        )
        .or("{}")
        .like("{ logs: { formula: \"https://logs.example/{{$identifier}}\" } }"),
        key(
            "calculationProperties",
            &Wants::Named(Named::Member, &Wants::Part(&CALCULATION)),
            "Values that jq computes from the entity.",
        )
        .or("{}")
        .like("{ yearlyCost: { type: number, calculation: .properties.monthlyCost * 12 } }"),
        key(
            "aggregationProperties",
            &Wants::Named(Named::Member, &Wants::Part(&AGGREGATION)),
            "Counts and sums over the entities that are related to it.",
        )
        .or("{}")
        .like("{ services: { target: Microservice, calculationSpec: { calculationBy: entities, func: count } } }"),
        key("teamInheritance", &Wants::Part(&INHERITANCE), "Where the owner of an entity comes from that names no team.")
            .like("{ path: env.microservice }"),
        key("ownership", &Wants::Part(&OWNERSHIP), "The same in Port's newer spelling; one of the two.").like("{ type: Direct }"),
        key("includeInGlobalSearch", &Wants::Any, "About Port's search box: taken, and not looked at.").like("true"),
    ],
};

const SCHEMA: Section = Section {
    beside: &[],
    title: "schema",
    meaning: "The properties of an entity.",
    keys: &[
        key(
            "properties",
            &Wants::Named(Named::Member, &Wants::Schema(Keywords::Property)),
            "Each property by its name, an identifier without a dot. A name stands for one property only, written or derived.",
        )
        .or("{}")
        .like("{ ttl: { type: string, enum: [3 days, 5 days] } }"),
        key("required", &Wants::List(&Wants::Text), "The properties that an entity must set, unless they have a default.")
            .or("[]")
            .like("[ttl]"),
    ],
};

const RELATION: Section = Section {
    beside: &[],
    title: "relations.<relation>",
    meaning: "A pointer from an entity to others. `required` and `many` exclude each other.",
    keys: &[
        TITLE.like("Deployed at"),
        DESCRIPTION.like("The cluster it runs on"),
        ICON.like("Cluster"),
        key("target", &Wants::Name(Names::Blueprint), "The blueprint of what it points at.").required().like("Cluster"),
        key("required", &Wants::Flag, "Whether an entity must set it.").or("false").like("true"),
        key("many", &Wants::Flag, "Whether it holds a list.").or("false").like("true"),
    ],
};

const MIRROR: Section = Section {
    beside: &[],
    title: "mirrorProperties.<property>",
    meaning: "A property of another entity.",
    keys: &[
        TITLE.like("Domain"),
        ICON.like("Server"),
        DESCRIPTION.like("The domain of its system"),
        key(
            "path",
            &PATH,
            "Relations, and at the end a property or one of `$title`, `$team` and the like, with dots between them.",
        )
        .required()
        .like("system.domain.$title"),
    ],
};

const FORMULA: Section = Section {
    beside: &[],
    title: "formulaProperties.<property>",
    meaning: "A text with `{{…}}` in it, filled in from the entity.",
    keys: &[
        TITLE.like("Logs"),
        ICON.like("Link"),
        DESCRIPTION.like("Where its logs are"),
        key("formula", &Wants::Text, "The text.").required().like("\"https://logs.example/{{$identifier}}\""),
        key("type", &Wants::Any, "As Port writes it.").like("string"),
        key("format", &Wants::Any, "How it is shown.").like("url"),
        key("spec", &Wants::Any, "How it is shown.").like("embedded-url"),
    ],
};

const CALCULATION: Section = Section {
    beside: &[],
    title: "calculationProperties.<property>",
    meaning: "A value that a jq program computes from the entity.",
    keys: &[
        TITLE.like("Yearly cost"),
        ICON.like("DollarSign"),
        DESCRIPTION.like("Twelve times the monthly cost"),
        key("calculation", &Wants::Text, "The jq program.").required().like(".properties.monthlyCost * 12"),
        key("type", &Wants::Word(&["string", "number", "boolean", "object", "array"]), "The type of what it yields.")
            .like("number"),
        key("format", &Wants::Text, "The format of a text.").like("url"),
        key("dateFormat", &Wants::Any, "How a date is shown."),
        key("items", &Wants::Schema(Keywords::Property), "What the items of an array are.").like("{ type: string }"),
        key("spec", &Wants::Any, "How it is shown.").like("markdown"),
        key("specAuthentication", &Wants::Any, "How an embedded page is reached."),
        key("colorized", &Wants::Any, "Whether values have colours.").like("true"),
        key("colors", &Wants::Any, "Which value has which colour.").like("{ high: red }"),
        key("default", &Wants::Any, "Taken, and not looked at."),
    ],
};

const AGGREGATION: Section = Section {
    beside: &[],
    title: "aggregationProperties.<property>",
    meaning: "A number over the entities of another blueprint that are related to this one.",
    keys: &[
        TITLE.like("Services"),
        ICON.like("Microservice"),
        DESCRIPTION.like("How many services it has"),
        key("type", &Wants::Any, "As Port writes it.").like("number"),
        key("target", &Wants::Name(Names::Blueprint), "The blueprint whose entities are counted.")
            .required()
            .like("Microservice"),
        key("calculationSpec", &Wants::Part(&SPEC), "What is computed.")
            .required()
            .like("{ calculationBy: entities, func: count }"),
        key("query", &Wants::Search, "Which of them count: Port's search rules.").like("{ combinator: and, rules: [] }"),
        key("pathFilter", &Wants::List(&Wants::Part(&FILTER)), "Which relations lead to them, where more than one way does.")
            .like("[{ path: [component] }]"),
    ],
};

const SPEC: Section = Section {
    beside: &[],
    title: "calculationSpec",
    meaning: "What an aggregation computes.",
    keys: &[
        key("calculationBy", &Wants::Word(&["entities", "property"]), "Whether entities are counted, or a property of theirs.")
            .required()
            .like("property"),
        key("func", &Wants::Word(&["count", "average", "sum", "min", "max", "median"]), "How.").required().like("sum"),
        key("property", &Wants::Any, "Which property.").like("monthlyCost"),
        key("averageOf", &Wants::Any, "Of which time an average is: `hour`, `day`, `week`, `month` or `total`.").like("day"),
        key("measureTimeBy", &Wants::Any, "The property or `$createdAt` that says when.").like("$createdAt"),
    ],
};

const FILTER: Section = Section {
    beside: &[],
    title: "pathFilter[]",
    meaning: "A way over relations to the entities that count.",
    keys: &[
        key("path", &Wants::List(&Wants::Text), "Relations, one after the other.").required().like("[component, system]"),
        key("fromBlueprint", &Wants::Identifier, "The blueprint whose relations these are, where it is not this one.")
            .like("Microservice"),
    ],
};

const INHERITANCE: Section = Section {
    beside: &[],
    title: "teamInheritance",
    meaning: "Inheritance of owners.",
    keys: &[key("path", &PATH, "Relations of single type with dots between them; the entity they reach owns.")
        .required()
        .like("env.microservice")],
};

const OWNERSHIP: Section = Section {
    beside: &[],
    title: "ownership",
    meaning: "Owners, in Port's newer spelling.",
    keys: &[
        key("type", &Wants::Word(&["Direct", "Inherited"]), "From the entity's own `team` alone, or inherited.")
            .required()
            .like("Inherited"),
        key("path", &PATH, "For `Inherited`: relations of single type with dots between them.").like("env.microservice"),
        key("title", &Wants::Any, "The name of the field in Port's forms: taken, and not looked at.").like("Owner"),
    ],
};
