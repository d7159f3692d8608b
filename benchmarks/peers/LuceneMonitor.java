import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.util.CharTokenizer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.monitor.HighlightsMatch;
import org.apache.lucene.monitor.MatcherFactory;
import org.apache.lucene.monitor.MatchingQueries;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.MultipassTermFilteredPresearcher;
import org.apache.lucene.monitor.QueryMatch;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.spans.SpanNearQuery;
import org.apache.lucene.search.spans.SpanQuery;
import org.apache.lucene.search.spans.SpanTermQuery;

/**
 * Lucene Monitor behind standard input and output, a command a line:
 * "articles FILE" reads them (title, tab, body; one a line); "answers" prints the numbers of the rules that match, a
 * line an article; "match" and "highlights" match all of them and print the nanoseconds that this thread had the
 * processor, and the matches. Rules come from a file, one a line, in prefix notation, numbered by their lines.
 */
public final class LuceneMonitor {
  private static final String FIELD = "text";
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Letters and digits, in small letters, without accents; title and body far from each other. */
  private static final class Words extends Analyzer {
    @Override
    protected TokenStreamComponents createComponents(String field) {
      Tokenizer source = CharTokenizer.fromTokenCharPredicate(Character::isLetterOrDigit);
      return new TokenStreamComponents(source, new ASCIIFoldingFilter(new LowerCaseFilter(source)));
    }

    @Override
    public int getPositionIncrementGap(String field) {
      return 1000;
    }
  }

  /** Reads "(and (or a (phrase b c)) (not d))", its words parted by blanks. */
  private static final class Notation {
    private final String[] tokens;
    private int at = 0;

    Notation(String line) {
      tokens = line.split(" ");
    }

    Query query() {
      String token = tokens[at++];
      if (!token.startsWith("(")) {
        return new TermQuery(new Term(FIELD, token));
      }
      switch (token.substring(1)) {
        case "and":
          return bool(Occur.MUST);
        case "or":
          return bool(Occur.SHOULD);
        case "phrase":
          return new PhraseQuery(FIELD, words().toArray(new String[0]));
        case "prefix":
          return new PrefixQuery(new Term(FIELD, words().get(0)));
        case "near":
          List<String> near = words();
          SpanQuery[] both = {span(near.get(1)), span(near.get(2))};
          return new SpanNearQuery(both, Integer.parseInt(near.get(0)), false);
        default:
          throw new IllegalArgumentException(token);
      }
    }

    private Query bool(Occur occur) {
      BooleanQuery.Builder builder = new BooleanQuery.Builder();
      while (!tokens[at].equals(")")) {
        if (tokens[at].equals("(not")) {
          at++;
          builder.add(query(), Occur.MUST_NOT);
          at++;
        } else {
          builder.add(query(), occur);
        }
      }
      at++;
      return builder.build();
    }

    private List<String> words() {
      List<String> words = new ArrayList<>();
      while (!tokens[at].equals(")")) {
        words.add(tokens[at++]);
      }
      at++;
      return words;
    }

    private static SpanQuery span(String word) {
      return new SpanTermQuery(new Term(FIELD, word));
    }
  }

  private static List<Document> articles(Path file) throws Exception {
    List<Document> articles = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      Document article = new Document();
      for (String part : line.split("\t", 2)) {
        article.add(new TextField(FIELD, part, Field.Store.NO));
      }
      articles.add(article);
    }
    return articles;
  }

  private static <T extends QueryMatch> void round(Monitor monitor, List<Document> articles, MatcherFactory<T> matcher)
      throws Exception {
    long begin = THREADS.getCurrentThreadCpuTime();
    long matches = 0;
    for (Document article : articles) {
      matches += monitor.match(article, matcher).getMatchCount();
    }
    System.out.println((THREADS.getCurrentThreadCpuTime() - begin) + " " + matches);
  }

  private static void answers(Monitor monitor, List<Document> articles) throws Exception {
    for (Document article : articles) {
      MatchingQueries<QueryMatch> matches = monitor.match(article, QueryMatch.SIMPLE_MATCHER);
      TreeSet<Integer> numbers = new TreeSet<>();
      for (QueryMatch match : matches.getMatches()) {
        numbers.add(Integer.valueOf(match.getQueryId()));
      }
      System.out.println(numbers.toString().replaceAll("[\\[\\],]", ""));
    }
  }

  public static void main(String[] arguments) throws Exception {
    try (Monitor monitor = new Monitor(new Words(), new MultipassTermFilteredPresearcher(4))) {
      List<MonitorQuery> rules = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
        rules.add(new MonitorQuery(Integer.toString(rules.size()), new Notation(line).query()));
      }
      monitor.register(rules);
      System.out.println("ready");
      Reader input = new InputStreamReader(System.in, StandardCharsets.UTF_8);
      List<Document> articles = new ArrayList<>();
      for (String line : (Iterable<String>) new BufferedReader(input).lines()::iterator) {
        String[] command = line.split(" ", 2);
        switch (command[0]) {
          case "articles":
            articles = articles(Path.of(command[1]));
            System.out.println(articles.size());
            break;
          case "answers":
            answers(monitor, articles);
            break;
          case "match":
            round(monitor, articles, QueryMatch.SIMPLE_MATCHER);
            break;
          default:
            round(monitor, articles, HighlightsMatch.MATCHER);
        }
        System.out.flush();
      }
    }
  }
}
