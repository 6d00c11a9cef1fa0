//! `actions/`.

use super::super::key::{Key, Keywords, Named, Names, Section, Wants, key};

pub(super) const SECTIONS: &[&Section] = &[
    &ACTION,
    &TRIGGER,
    &USER_INPUTS,
    &super::schema::INPUT,
    &APPROVAL,
    &super::schema::CONDITION,
    &WEBHOOK,
    &GITHUB,
    &UPSERT,
    &MAPPING,
];

const OPERATIONS: &[&str] = &["CREATE", "DAY-2", "DELETE"];

const ACTION: Section = Section {
    beside: &[],
    title: "Action",
    meaning: "Something that people may ask for by a run. Port's second version of actions; the first (`trigger: DAY-2`, with `blueprint` and \
              `userInputs` beside it) is read as well.",
    keys: &[
        key("identifier", &Wants::Identifier, "By which runs and permissions name it.").required().like("extend_env_ttl"),
        key("title", &Wants::Text, "What people call it.").like("Extend the time to live"),
        key("icon", &Wants::Text, "The name of one of Port's icons.").like("Clock"),
        key("description", &Wants::Text, "What it does, for people.").like("Keep an environment longer"),
        key(
            "blueprint",
            &Wants::Name(Names::Blueprint),
            "The blueprint it belongs to: here in the first version, `trigger.blueprintIdentifier` in the second.",
        )
        .like("Env"),
        key(
            "trigger",
            &Wants::Either(&[&Wants::Part(&TRIGGER), &Wants::Word(OPERATIONS)]),
            "What it does to which entity, and what it asks for.",
        )
        .required()
        .like("{ type: self-service, operation: DAY-2, blueprintIdentifier: Env, userInputs: {} }"),
        key("userInputs", &Wants::Part(&USER_INPUTS), "Where `userInputs` stand in the first version; an error in the second.")
            .like("{ properties: {} }"),
        key(
            "invocationMethod",
            &Wants::ByWord(
                "type",
                &[("WEBHOOK", &WEBHOOK), ("GITHUB", &GITHUB), ("UPSERT_ENTITY", &UPSERT), ("DELETE_ENTITY", &DELETE)],
            ),
            "How an approved run is performed.",
        )
        .required()
        .like("{ type: WEBHOOK, url: https://example.com/hook }"),
        key(
            "requiredApproval",
            &Wants::Either(&[&Wants::Flag, &Wants::Part(&APPROVAL)]),
            "Whether a run waits for somebody's approval; `true` is any one approver.",
        )
        .or("false")
        .like("{ type: ANY, count: 2 }"),
        key("approvalNotification", &Wants::Any, "Who is told: taken and kept; nothing is sent yet.").like("{ type: email }"),
        key("publish", &Wants::Flag, "As Port writes it: taken and kept.").like("true"),
        key("allowAnyoneToViewRuns", &Wants::Flag, "As Port writes it: taken and kept.").like("true"),
        key("selfApproval", &Wants::Flag, "Whether whoever asked for a run, or worked on its pull request, may approve it too.")
            .or("what catalog.yaml says")
            .like("true"),
        key("expiry", &Wants::Duration, "How long a run may wait for its approval.").or("what catalog.yaml says").like("2d"),
    ],
};

const TRIGGER: Section = Section {
    beside: &[],
    title: "trigger",
    meaning: "What starts the action: a person. Automations are refused.",
    keys: &[
        key("type", &Wants::Word(&["self-service"]), "A person asks for it.").or("self-service").like("self-service"),
        key("blueprintIdentifier", &Wants::Name(Names::Blueprint), "The blueprint it belongs to.").like("Env"),
        key(
            "operation",
            &Wants::Word(OPERATIONS),
            "`CREATE` makes a new entity, so a run names none; `DAY-2` works on an entity and `DELETE` removes it, so a run names it.",
        )
        .required()
        .like("DAY-2"),
        key("userInputs", &Wants::Part(&USER_INPUTS), "What a run is asked for.").like("{ properties: { ttl: { type: string } } }"),
        key("order", &NAMES_OR_STEPS, "In which order the form shows the inputs; `userInputs.order` is the usual place.").like("[ttl]"),
        key("condition", &Wants::Any, "When Port shows the action: taken and kept.").like("{ type: SEARCH, rules: [] }"),
        key("actionCardButtonText", &Wants::Any, "As Port writes it: taken and kept.").like("Extend"),
        key("executeActionButtonText", &Wants::Any, "As Port writes it: taken and kept.").like("Extend now"),
        key("event", &Wants::Any, "An error: it belongs to automations."),
    ],
};

const NAMES_OR_STEPS: Wants = Wants::Either(&[&Wants::List(&Wants::Text), &Wants::Mapping]);

const USER_INPUTS: Section = Section {
    beside: &[],
    title: "userInputs",
    meaning: "Port's form: a JSON Schema over the inputs of a run.",
    keys: &[
        key("properties", &Wants::Named(Named::Identifier, &Wants::Schema(Keywords::Input)), "Each input by its name.")
            .or("{}")
            .like("{ ttl: { type: string, enum: [3 days, 10 days] } }"),
        key(
            "required",
            &Wants::Either(&[&Wants::List(&Wants::Text), &Wants::Part(&QUERY)]),
            "The inputs that a run must give, unless they have a default.",
        )
        .or("[]")
        .like("[ttl]"),
        key("order", &NAMES_OR_STEPS, "In which order the form shows them.").like("[ttl]"),
        key("steps", &Wants::List(&Wants::Any), "The pages of the form.").like("[{ title: First, order: [ttl] }]"),
        key("titles", &Wants::Mapping, "Headings in the form.").like("{ first: { title: First } }"),
        key("type", &Wants::Word(&["object"]), "As Port writes it.").like("object"),
        key("additionalProperties", &Wants::Any, "As Port writes it. A run gives no inputs that are not defined.").like("false"),
    ],
};

const QUERY: Section = Section {
    beside: &[],
    title: "required",
    meaning: "A computed demand.",
    keys: &[JQ_QUERY.required().like("\"[.form | keys]\"")],
};

const JQ_QUERY: Key = key("jqQuery", &Wants::Text, "A jq program over the form.");

const APPROVAL: Section = Section {
    beside: &[],
    title: "requiredApproval",
    meaning: "Whose approval a run needs, and when. At least one of the keys is there.",
    keys: &[
        key("type", &Wants::Word(&["ANY", "ALL"]), "Some of those who may approve, or every one of them.").or("ANY").like("ALL"),
        key("count", &Wants::Whole(1, 100), "For `ANY`: how many.").or("1").like("2"),
        key(
            "when",
            &Wants::Schema(Keywords::Condition),
            "A JSON Schema over the inputs: a run needs approval where its inputs satisfy it. Left out, always.",
        )
        .never_null()
        .like("{ properties: { ttl: { const: 10 days } } }"),
    ],
};

const IDEMPOTENT: Key = key(
    "idempotent",
    &Wants::Flag,
    "Whether whoever is called performs a run once however often it is asked, by the key that it is sent. Only then is a run whose outcome is not known sent again.",
)
.or("false")
.like("true");

const DEADLINE: Key = key("deadline", &Wants::Duration, "How long a run may be under way until it is given up.")
    .or("what catalog.yaml says")
    .like("2h");

const WEBHOOK: Section = Section {
    beside: &[],
    title: "invocationMethod (WEBHOOK)",
    meaning: "A call of an address. [Actions](actions.md) says what is sent, and what templates may ask for.",
    keys: &[
        key("type", &Wants::Word(&["WEBHOOK"]), "An HTTP call.").required().like("WEBHOOK"),
        key(
            "url",
            &Wants::Text,
            "An http or https address. Its host is written out; templates stand in segments of the path and in values of the query.",
        )
        .required()
        .like("https://example.com/hook"),
        key("agent", &Wants::Flag, "`false`: the controller itself calls.").or("false").like("false"),
        key(
            "synchronized",
            &Wants::Flag,
            "Whether the answer is the outcome of the run. Otherwise whoever is called reports the outcome later.",
        )
        .or("false")
        .like("true"),
        key("method", &Wants::Word(&["POST", "PUT", "PATCH", "DELETE", "GET"]), "The HTTP method.").or("POST").like("POST"),
        key(
            "headers",
            &Wants::Named(Named::Free, &Wants::Text),
            "Further headers. Their values may hold templates, and secrets of the daemon by name.",
        )
        .like("{ Authorization: \"Bearer {{ .secrets.deploy }}\" }"),
        key("body", &Wants::Any, "The payload, with templates. Left out, the whole context of the run.")
            .like("{ ttl: \"{{ .inputs.ttl }}\" }"),
        IDEMPOTENT,
        DEADLINE,
    ],
};

const GITHUB: Section = Section {
    beside: &[],
    title: "invocationMethod (GITHUB)",
    meaning: "A workflow of GitHub Actions that is dispatched.",
    keys: &[
        key("type", &Wants::Word(&["GITHUB"]), "A workflow.").required().like("GITHUB"),
        key("org", &Wants::Text, "The owner of the repository.").required().like("acme"),
        key("repo", &Wants::Text, "The repository.").required().like("infrastructure"),
        key("workflow", &Wants::Text, "The file of the workflow, without its directory.").required().like("deploy.yml"),
        key("ref", &Wants::Text, "The branch or tag that it runs on.").or("the repository's default branch").like("main"),
        key(
            "workflowInputs",
            &Wants::Mapping,
            "Its inputs, with templates; at most 24. Each becomes text. `portcullis_run` is always given besides.",
        )
        .or("the inputs of the run")
        .like("{ ttl: \"{{ .inputs.ttl }}\" }"),
        key(
            "reportWorkflowStatus",
            &Wants::Flag,
            "Whether its conclusion is the outcome of the run. Otherwise the workflow reports.",
        )
        .or("true")
        .like("true"),
        key("omitPayload", &Wants::Flag, "As Port writes it: no payload is ever sent besides the inputs.")
            .or("false")
            .like("true"),
        key("omitUserInputs", &Wants::Flag, "Whether, without `workflowInputs`, the inputs of the run are kept back.")
            .or("false")
            .like("true"),
        IDEMPOTENT,
        DEADLINE,
    ],
};

const UPSERT: Section = Section {
    beside: &[],
    title: "invocationMethod (UPSERT_ENTITY)",
    meaning: "A commit that writes an entity.",
    keys: &[
        key("type", &Wants::Word(&["UPSERT_ENTITY"]), "An entity is written.").required().like("UPSERT_ENTITY"),
        key("blueprintIdentifier", &Wants::Name(Names::Blueprint), "Its blueprint.").required().like("Env"),
        key("mapping", &Wants::Part(&MAPPING), "What is written.")
            .required()
            .like("{ identifier: \"{{ .entity.identifier }}\" }"),
        DEADLINE,
    ],
};

const MAPPING: Section = Section {
    beside: &[],
    title: "mapping",
    meaning: "An entity with templates over the run. What is left out, or is a template with nothing there, stays as it is.",
    keys: &[
        key("identifier", &Wants::Text, "Its identifier.").required().like("\"{{ .entity.identifier }}\""),
        key("title", &Wants::Any, "Its title.").like("\"{{ .inputs.title }}\""),
        key("icon", &Wants::Any, "Its icon.").like("Environment"),
        key("team", &Wants::Any, "Its owners.").like("[platform]"),
        key("properties", &Wants::Mapping, "Properties, by name.").like("{ ttl: \"{{ .inputs.ttl }}\" }"),
        key("relations", &Wants::Mapping, "Relations, by name.").like("{ microservice: \"{{ .inputs.microservice }}\" }"),
    ],
};

const DELETE: Section = Section {
    beside: &[],
    title: "invocationMethod (DELETE_ENTITY)",
    meaning: "A commit that removes an entity.",
    keys: &[
        key("type", &Wants::Word(&["DELETE_ENTITY"]), "An entity is removed.").required().like("DELETE_ENTITY"),
        key("blueprintIdentifier", &Wants::Name(Names::Blueprint), "Its blueprint.").required().like("Env"),
        key("mapping", &Wants::Part(&REMOVED), "Which one.")
            .or("the entity of the run")
            .like("{ identifier: \"{{ .entity.identifier }}\" }"),
        DEADLINE,
    ],
};

const REMOVED: Section = Section {
    beside: &[],
    title: "mapping (DELETE_ENTITY)",
    meaning: "The entity that is removed.",
    keys: &[key("identifier", &Wants::Text, "Its identifier.").required().like("\"{{ .entity.identifier }}\"")],
};
