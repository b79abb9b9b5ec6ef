"""Lists are answered a page at a time, in one shape."""

from pydantic import BaseModel, ConfigDict, Field

MAX_PAGE = 10_000
MAX_SIZE = 200


class NoQuery(BaseModel):
    """The query of a route that has no parameters: any parameter is an error."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(NoQuery):
    """The parameters of every list; a list with filters adds them in a subclass."""

    page: int = Field(1, ge=1, le=MAX_PAGE, description="From 1; a page after the last one is empty.")
    size: int = Field(50, ge=1, le=MAX_SIZE, description="Items on a page.")

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size


class Page(BaseModel):
    """The envelope of every list; a subclass adds the items under their own name."""

    total: int = Field(description="Items on all pages together.", examples=[1])
    page: int = Field(examples=[1])
    size: int = Field(examples=[50])
