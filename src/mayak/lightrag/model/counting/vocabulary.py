"""The words of counting questions, English and Russian. A question with any other is left alone."""

import re

from mayak.lightrag.model.counting.plan import Grouping, Kind
from mayak.lightrag.model.counting.words import words

KINDS: dict[Kind, re.Pattern[str]] = {
    "task": words(
        "(?:crm|attio) tasks?",
        "todos?",
        "to-dos?",
        "дел(?:а|о|)(?= (?:в|из) (?:crm|attio) )",
        "задач(?:а|и|) (?:в|из) (?:crm|attio)",
    ),
    "issue": words(
        "issues?", "tasks?", "bugs?", "задач(?:а|и|у|е|ей|ам|ами|ах|)", "баг(?:а|и|ов|)"
    ),
    "deal": words("deals?", "opportunit(?:y|ies)", "сделк(?:а|и|у|е|ой|ам|ами|ах)", "сделок"),
    "conversation": words(
        "conversations?",
        "chats?",
        "threads?",
        "tickets?",
        "диалог(?:а|и|ов|)",
        "тикет(?:а|ы|ов|)",
        "переписк(?:а|и)",
        "переписок",
        "обращени(?:е|я|й)",
        "чат(?:а|ы|ов|)",
    ),
    "message": words("messages?", "сообщени(?:е|я|й)"),
    "comment": words("comments?", "комментари(?:й|я|и|ев)"),
    "note": words("notes?", "замет(?:ка|ки|ку)", "заметок"),
    "person": words(
        "people",
        "persons?",
        "человек",
        "люд(?:и|ей)",
        "контакт(?:а|ы|ов|)(?=.* (?:crm|attio) )",
        "contacts?(?=.* (?:crm|attio) )",
    ),
    "contact": words("contacts?", "контакт(?:а|ы|ов|)"),
    "cycle": words("cycles?", "sprints?", "цикл(?:а|ы|ов|)", "спринт(?:а|ы|ов|)"),
    "project": words("projects?", "проект(?:а|ы|ов|е|у|)"),
    "company": words(
        "companies",
        "company",
        "clients?",
        "customers?",
        "accounts?",
        "клиент(?:а|ы|ов|у|ом|)",
        "компани(?:я|и|й|ю)",
        "заказчик(?:а|и|ов|)",
    ),
}
"""In the order in which they are looked for: a CRM task before a task."""
BUG = words("bugs?", "баг(?:а|и|ов|)")
ABOUT_CLIENT = words(
    "(?:for|of|with|by|from|at) (?:the |this |our )?(?:client|customer|company|account)",
    "(?:у|с|со|от|по|для) (?:этого |этому |этим |нашего |нашему |нашим )?"
    "(?:клиента|клиенту|клиентом|компании|компанией|заказчика|заказчику|заказчиком)",
    "with them",
    "with us",
    "by them",
    "from them",
    "с ними",
    "у них",
    "от них",
    "по ним",
)
ABOUT_PROJECT = words(
    "(?:in|on|of|for) (?:the )?projects?",
    "(?:в|на|по|из) проект(?:е|у|а)",
    "projects?",
    "проект(?:а|е|у|)",
)

COUNT = words(
    "how many",
    "(?:the )?(?:total )?number of",
    "count(?: of)?",
    "сколько",
    "количество",
    "число",
    "total count of",
)
LIST = words(
    "which",
    "what",
    "list(?: of)?",
    "show(?: me)?",
    "give me",
    "какие",
    "каких",
    "какая",
    "какой",
    "какую",
    "покажи(?:те)?",
    "перечисли(?:те)?",
    "список",
    "выведи(?:те)?",
    "назови(?:те)?",
    "what's",
    "what are",
    "what is",
)
SUM = words(
    "(?:the )?(?:total|overall|combined)? ?(?:value|worth|amount)(?: of)?",
    "(?:the )?sum(?: of)?",
    "how much(?: money)?",
    "на какую(?: общую)? сумму",
    "(?:общая )?сумма",
    "(?:общую )?сумму",
    "на сколько всего",
    "на сколько",
    "сколько денег",
    "сколько всего денег",
    "сколько стоят(?: вместе)?",
    "общая стоимость",
    "стоимость",
)
TOTAL = words(
    "(?:the )?total(?: of)?",
    "in total",
    "altogether",
    "in all",
    "всего",
    "итого",
    "вместе",
    "в сумме",
    "together",
)
AVERAGE = words(
    "(?:the )?average(?: (?:size|amount|value)(?: of)?)?",
    "(?:the )?mean",
    "средн(?:яя|ий|юю|ее)(?: (?:сумма|сумму|чек|размер))?",
    "в среднем",
)
ESTIMATE = words(
    "estimates?",
    "(?:story )?points?",
    "оценк(?:а|и|у)(?: поинтов)?",
    "поинт(?:а|ы|ов)",
    "сколько оценки(?: поинтов)?(?: осталось(?: в)?)?",
)
LARGEST = words(
    "(?:the )?(?:biggest|largest|highest|most expensive)",
    "сам(?:ая|ую|ой) (?:больш(?:ая|ую)|крупн(?:ая|ую)|дорог(?:ая|ую))",
    "крупнейш(?:ая|ую)",
    "наибольш(?:ая|ую)",
)
SMALLEST = words(
    "(?:the )?(?:smallest|lowest|cheapest)",
    "сам(?:ая|ую|ой) (?:маленьк(?:ая|ую)|небольш(?:ая|ую)|дешев(?:ая|ую))",
    "наименьш(?:ая|ую)",
)
OLDEST = words("(?:the )?(?:oldest|earliest)", "сам(?:ая|ый|ое|ую) стар(?:ая|ый|ое|ую)")
NEWEST = words("(?:the )?(?:newest|latest|most recent)", "сам(?:ая|ый|ое|ую) нов(?:ая|ый|ое|ую)")
SOONEST = words(
    "most overdue",
    "(?:the )?earliest due(?: date)?",
    "раньше всех срок",
    "ближайший срок",
    "просрочен(?:а|о|ы) (?:сильнее|больше|дольше) всех",
)
MOST = words(
    "who has (?:the )?(?:most|more)",
    "who has got (?:the )?(?:most|more)",
    "whose plate has (?:the )?(?:most|more)",
    "has (?:the )?(?:most|more)",
    "have (?:the )?(?:most|more)",
    "у кого (?:больше всего|больше всех|больше)",
    "на ком (?:больше всего|больше всех|больше)",
    "больше всего",
    "больше всех",
)
FEWEST = words(
    "who has (?:the )?(?:fewest|least|fewer|less)",
    "has (?:the )?(?:fewest|least|fewer)",
    "у кого (?:меньше всего|меньше всех|меньше)",
    "на ком меньше(?: всего| всех)?",
    "меньше всего",
    "меньше всех",
)
COMPARE = words("compare", "сравни(?:те)?")
WHO = words("who", "whose", "у кого", "на ком", "кто", "у какого", "у какой", "какого", "какой")
GROUPS: dict[Grouping, re.Pattern[str]] = {
    "person": words(
        "(?:by|per|for each) (?:assignee|owner|person|author|sender|agent)s?",
        "по (?:исполнителям|ответственным|людям|авторам|операторам|сотрудникам)",
    ),
    "client": words(
        "(?:by|per|for each) (?:client|company|customer|contact)s?",
        "по (?:клиентам|компаниям|контактам|заказчикам)",
    ),
    "state": words(
        "(?:by|per|in each) (?:state|status|stage)(?:es|s)?",
        "по (?:статусам|стадиям|этапам|состояниям)",
    ),
    "priority": words("(?:by|per) priority", "по приоритет(?:у|ам)"),
    "place": words("(?:by|per|in each) project", "по проектам"),
    "label": words("(?:by|per) labels?", "по меткам"),
}
GROUPED_KIND: dict[Grouping, re.Pattern[str]] = {
    "client": words(
        "(?:which|what) (?:client|company|customer)", "у (?:какого|какой) (?:клиента|компании)"
    ),
    "place": words("(?:which|what) project", "в каком проекте"),
    "state": words(
        "(?:which|what) (?:state|status|stage)", "(?:на|в) как(?:ой|ом) (?:стадии|этапе|статусе)"
    ),
}

ALL = words(
    "(?:show(?: me)?|list|give me) (?:all|every)",
    "all(?: the)?",
    "list(?: of)?",
    "show(?: me)?",
    "все",
    "покажи(?:те)?",
    "перечисли(?:те)?",
    "список",
    "выведи(?:те)?",
)
"""A list without any condition is only what was meant when somebody says so."""
THOSE = words(
    "(?:and |а )?(?:only )?(?:those|these|of (?:them|those|these)|(?:а )?из (?:них|этих))",
    "(?:а )?только",
)
"""A question that goes on with what the one before it asked for."""
SOURCES = {
    "linear": words("(?:in )?linear", "в linear", "в линеаре"),
    "attio": words("(?:in |from )?(?:the )?(?:attio|crm)", "(?:в|из) (?:attio|crm|срм)"),
    "chatwoot": words("(?:in )?chatwoot", "в chatwoot", "в чатвуте"),
}
STOP = frozenset(
    """
    the a an of in on at for to with by from is are was were be been do does did have has had got
    there we us our you me my i they them their it its this that these those all any some currently
    now right still please already yet and or so far what's who's get than one ones present
    assigned assignee owner owned label labelled labeled tagged stage state status priority client
    know holds hold
    в во на с со у от по для из к и а же ли нас нам наш наши наших нашего мы они них ним ними их
    этого этому этим этой этих сейчас уже еще все всех всего есть был была были быть которые который
    которых то назначен назначена назначены назначено стоит висит ведет ведут вести исполнитель
    исполнителем
    ответственный метка меткой тегом с статусе статусом стадии этапе приоритетом клиенту
    клиентом знаем или мой мои наша ведётся находится находятся
    """.split()  # noqa: SIM905  # a table of words reads best as text
)
"""Words that add nothing. `not`, `without`, `except`, `about` are none of them."""
