"""What every test session shares."""

# The folders service_kit/ and local_stack/ have the names of the packages inside them: pytest would
# take a folder for its package, were the package not there first.
import local_stack  # noqa: F401
import service_kit  # noqa: F401
