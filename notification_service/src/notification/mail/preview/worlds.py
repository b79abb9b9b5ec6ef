"""Who and what the samples name: one company, in each language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class World:
    """Names, sentences and addresses. A pair is a name and its address, or what was and what is."""

    locale: str
    time_zone: str
    reader: tuple[str, str]
    boss: tuple[str, str]
    colleague: str
    projects: tuple[str, str, str]
    teams: tuple[str, str]
    organization: str
    domain: str
    tasks: tuple[str, str, str]
    meeting: str
    place: tuple[str, str]
    agenda: str
    comment: str
    news: tuple[str, str]
    message: tuple[str, str, str]
    order: str


WORLDS: Mapping[str, World] = {
    "en": World(
        locale="en",
        time_zone="Europe/London",
        reader=("Anna Reed", "anna.reed@nordlicht.example"),
        boss=("Maria Lind", "maria.lind@nordlicht.example"),
        colleague="Tom Berg",
        projects=("Customer portal", "Payments", "Atlas"),
        teams=("Core", "Web"),
        organization="Nordlicht",
        domain="nordlicht.example",
        tasks=("Close the books for October", "Write the release notes", "Check the backup of the archive"),
        meeting="Customer portal: weekly",
        place=("Room 3, ground floor", "Room 4, first floor"),
        agenda="1. What is open\n2. Who takes the new form\n3. Release on Thursday",
        comment="I have checked the totals: two invoices were missing.\nThey are in – can you look again?",
        news=(
            "The office is closed on Friday",
            (
                "The heating is being repaired on Friday, 27 November: nobody can work in the building.\n\n"
                "Please work from home that day. Whoever needs something from the office should fetch it by"
                " Thursday evening.\n\nOn Monday everything is as usual."
            ),
        ),
        message=(
            "Your report is ready",
            "The report on working hours in October has been made.\n\nIt can be downloaded for seven days.",
            "Open the report",
        ),
        order="on its way",
    ),
    "ru": World(
        locale="ru",
        time_zone="Europe/Moscow",
        reader=("Анна Кузнецова", "anna.kuznetsova@sever.example"),
        boss=("Мария Соколова", "maria.sokolova@sever.example"),
        colleague="Тимур Ахметов",
        projects=("Портал клиентов", "Платежи", "Атлас"),
        teams=("Ядро", "Веб"),
        organization="Северный свет",
        domain="sever.example",
        tasks=("Закрыть октябрь в бухгалтерии", "Написать заметки к выпуску", "Проверить копию архива"),
        meeting="Портал клиентов: планёрка",
        place=("Переговорная 3, первый этаж", "Переговорная 4, второй этаж"),
        agenda="1. Что не закрыто\n2. Кто возьмёт новую форму\n3. Выпуск в четверг",
        comment="Я сверил суммы: не хватало двух счетов.\nТеперь они внесены – проверьте ещё раз.",
        news=(
            "В пятницу офис закрыт",
            (
                "В пятницу, 27 ноября, ремонтируют отопление, работать в здании будет нельзя.\n\n"
                "Пожалуйста, работайте в этот день из дома. Если что-то нужно из офиса, заберите это"
                " до вечера четверга.\n\nС понедельника всё как обычно."
            ),
        ),
        message=(
            "Ваш отчёт готов",
            "Отчёт о рабочем времени за октябрь составлен.\n\nСкачать его можно в течение семи дней.",
            "Открыть отчёт",
        ),
        order="в пути",
    ),
}
