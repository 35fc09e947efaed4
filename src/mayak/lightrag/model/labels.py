"""What fields are called, for people and on cards."""

from collections.abc import Mapping

LABELS: Mapping[str, tuple[str, str]] = {
    "identifier": ("Key", "Номер"),
    "title": ("Title", "Название"),
    "name": ("Name", "Название"),
    "subject": ("Subject", "Тема"),
    "content": ("Text", "Текст"),
    "body": ("Comment", "Комментарий"),
    "description": ("Description", "Описание"),
    "state": ("State", "Статус"),
    "status": ("Status", "Статус"),
    "stage": ("Stage", "Этап"),
    "amount": ("Amount", "Сумма"),
    "close_date": ("Close date", "Дата закрытия"),
    "next_step": ("Next step", "Следующий шаг"),
    "company": ("Company", "Компания"),
    "people": ("People", "Люди"),
    "owner": ("Owner", "Ответственный"),
    "assignee": ("Assignee", "Исполнитель"),
    "assignees": ("Assignees", "Исполнители"),
    "creator": ("Created by", "Автор"),
    "lead": ("Lead", "Руководитель"),
    "due_date": ("Due", "Срок"),
    "deadline": ("Deadline", "Срок"),
    "start_date": ("Start", "Начало"),
    "target_date": ("Target date", "Срок"),
    "priority": ("Priority", "Приоритет"),
    "estimate": ("Estimate", "Оценка"),
    "labels": ("Labels", "Метки"),
    "project": ("Project", "Проект"),
    "cycle": ("Cycle", "Цикл"),
    "parent": ("Parent issue", "Родительская задача"),
    "blocked_by": ("Blocked by", "Заблокирована задачей"),
    "previous_identifiers": ("Former keys", "Прежние номера"),
    "health": ("Health", "Состояние"),
    "progress": ("Progress", "Готовность"),
    "domains": ("Domains", "Домены"),
    "deals": ("Deals", "Сделки"),
    "email": ("E-mail", "Почта"),
    "emails": ("E-mail", "Почта"),
    "phone": ("Phone", "Телефон"),
    "phones": ("Phone", "Телефон"),
    "job_title": ("Job title", "Должность"),
    "conversations": ("Conversations", "Обращения"),
    "inbox": ("Inbox", "Канал"),
    "contact": ("Contact", "Клиент"),
    "created": ("Created", "Создано"),
    "started": ("Started", "Начато"),
    "completed": ("Completed", "Завершено"),
    "canceled": ("Canceled", "Отменено"),
    "last_activity": ("Last activity", "Последняя активность"),
}
"""By the name of a field of a record: English and Russian."""


SAID: frozenset[str] = frozenset({"content", "body", "description"})
"""Fields that somebody wrote; the others are facts with a label."""


def label(field: str, locale: str) -> str:
    """What a field is called; its own name when nobody has given it one."""
    english, russian = LABELS.get(field, (field, field))
    return russian if locale == "ru" else english
