"""One conversation of 2,500 messages: what paging was made for.

A client and the studio work through a long list of screens for half a year, in Russian and
English, day after day. The same every time: nothing here depends on chance or on the date.
"""

import random
from datetime import timedelta

from mayak.sandbox.rows import Agent, Conversation, Inbox
from mayak.sandbox.world import World

LENGTH = 2500
SEED = 20
SPAN = timedelta(days=180)
END = timedelta(hours=30)
"""How long ago the last message was: the thread is long, not loud."""

PLACES = (
    "экран оплаты", "карточка товара", "поиск по каталогу", "личный кабинет", "страница доставки",
    "форма возврата", "история заказов", "блок отзывов", "подвал сайта", "мобильное меню",
    "the checkout screen", "the product card", "catalogue search", "the account page",
    "the delivery page", "the returns form", "order history", "the reviews block", "the footer",
    "the mobile menu",
)  # fmt: skip
RUSSIAN_PLACES = 10

ASKED_RU = (
    "Посмотрела: {place}. На телефоне кнопка уезжает под клавиатуру, пункт {n}.",
    "{place}: можно поднять цену выше фотографии? Директор спрашивает уже {n}-й раз.",
    "По пункту {n} ({place}) всё хорошо, принимаем.",
    "Кажется, {place} открывается {n} секунд, раньше было быстрее.",
    "Пришлите, пожалуйста, макет: {place}, вариант {n}.",
    "А когда будет готово: {place}? В плане стояло {day}.",
    "{place}: в тексте опечатка, строка {n}.",
    "Спасибо! {place} теперь как надо, коллеги довольны.",
    "Нам важно, чтобы {place} работал и без входа. Пункт {n} это учитывает?",
    "Скиньте ссылку на тестовый стенд, где {place}, мы проверим к {time}.",
)
ASKED_EN = (
    "Had a look at {place}: the second button jumps when I rotate the phone, item {n}.",
    "Could {place} show prices with tax? Finance asked {n} times by now.",
    "Item {n} is fine with us, {place} can go live.",
    "Is it just me or does {place} take {n} seconds to load this morning?",
    "When do we get {place}? The plan said {day}.",
    "Small typo on {place}, line {n}. Not urgent at all.",
    "Thanks, {place} reads much better now.",
    "We would like {place} to remember the last choice. Is that part of item {n}?",
    "Can you send the test link for {place}? We will check it by {time}.",
)
ANSWERED_RU = (
    "Поняли, {place}: поправим до {day}, пункт {n} держу у себя.",
    "Готово: {place}, проверьте, пожалуйста, на стенде.",
    "Видим то же самое. Причина в кэше, {place} обновится через {n} минут.",
    "Это входит в пункт {n}, отдельно оплачивать не нужно.",
    "Принято. Покажем на созвоне в {day} в {time}.",
    "По пункту {n} нужен ваш ответ: оставить как есть или убрать?",
    "Выложили сборку {n}, там {place} уже новый.",
)
ANSWERED_EN = (
    "Got it, {place} will be fixed by {day}; I keep item {n} on my list.",
    "Done: {place}, please check on the test site.",
    "We see the same here. It is a cache, {place} will refresh within {n} minutes.",
    "That belongs to item {n}, no extra cost.",
    "Noted. We will show it in the call on {day} at {time}.",
    "For item {n} we need a word from you: keep it or drop it?",
    "Build {n} is up and has the new version of {place}.",
)
NOTES = (
    "Пункт {n} просят второй раз, проверить договор.",
    "Keep an eye on {place}: third round of changes.",
)
DAYS_RU = ("понедельника", "вторника", "среды", "четверга", "пятницы")
DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
TIMES = ("10:30", "11:00", "12:15", "15:00", "16:45")


def add_long_thread(world: World) -> Conversation:
    """Add the thread to the first chat inbox of the World, or to its first inbox."""
    chance = random.Random(SEED)
    inbox = _inbox(world)
    agents = [agent for agent in world.agents.values() if inbox.id in agent.inbox_ids]
    begun = world.clock.timestamp() - (END + SPAN).total_seconds()
    step = SPAN.total_seconds() / LENGTH
    contact = world.add_contact(
        name="Вера Long",
        email="vera.long@endless-list.example",
        additional_attributes={"company_name": "Endless List", "city": "Riga"},
        created_at=begun,
    )
    row = world.add_conversation(
        inbox_id=inbox.id,
        contact_id=contact.id,
        created_at=begun,
        assignee_id=agents[0].id if agents else None,
    )
    for number in range(LENGTH):
        at = begun + (number + chance.random() * 0.9) * step
        _say(world, row, chance, agents, at)
    return world.conversations[row.key]


def _say(
    world: World, row: Conversation, chance: random.Random, agents: list[Agent], at: float
) -> None:
    russian = chance.random() < 0.6  # noqa: PLR2004 - slightly more Russian than English
    draw = chance.random()
    incoming = draw < 0.55 or not agents  # noqa: PLR2004 - a client writes a little more
    private = not incoming and draw > 0.98  # noqa: PLR2004
    texts: tuple[str, ...] = ASKED_RU if russian else ASKED_EN
    if not incoming:
        texts = ANSWERED_RU if russian else ANSWERED_EN
    if private:
        texts = NOTES
    places = PLACES[:RUSSIAN_PLACES] if russian else PLACES[RUSSIAN_PLACES:]
    text = chance.choice(texts).format(
        place=chance.choice(places),
        n=chance.randint(2, 60),
        day=chance.choice(DAYS_RU if russian else DAYS_EN),
        time=chance.choice(TIMES),
    )
    world.add_message(
        row.display_id,
        text[0].upper() + text[1:],
        message_type="incoming" if incoming else "outgoing",
        sender_id=None if incoming else chance.choice(agents).id,
        created_at=at,
        private=private,
    )


def _inbox(world: World) -> Inbox:
    chats = [row for row in world.inboxes.values() if row.channel_type == "Channel::WebWidget"]
    return (chats or list(world.inboxes.values()))[0]
